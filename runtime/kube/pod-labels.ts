// How containers of pods are known: there is no other record of pods.

/** Name of the pod. */
export const podLabel = 'io.mycontainer.kube.pod'
/** `infra` holds the namespaces, `init` ends before the others start, `main` is any other. */
export const roleLabel = 'io.mycontainer.kube.role'
