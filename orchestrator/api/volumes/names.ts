// What claims and volumes are marked with; all but the last two are upstream's, since other provisioners and people go by them.

/** On a claim: its binding is complete. What happens to the volume afterwards is a loss, not something to wait for. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed'
/** On a claim or a volume: the controller chose the other one, nobody asked for just it. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller'
/** On a volume: who made it, and takes it away. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by'
/** On a claim: who is to make a volume for it. */
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner'
/** The same, as older provisioners read it. */
export const betaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner'
/** On a claim: the node of its first pod. */
export const selectedNode = 'volume.kubernetes.io/selected-node'
/** On a claim or a volume: the class, before there was a field for it. */
export const betaStorageClass = 'volume.beta.kubernetes.io/storage-class'
/** On a StorageClass: for claims that name none. */
export const defaultClass = 'storageclass.kubernetes.io/is-default-class'

export const claimProtection = 'kubernetes.io/pvc-protection'
export const volumeProtection = 'kubernetes.io/pv-protection'

/** Of a class whose volumes people make. */
export const noProvisioner = 'kubernetes.io/no-provisioner'
/** Our own, by the name that k3s gives its: manifests written for it fit. */
export const localPathProvisioner = 'rancher.io/local-path'
export const localPathClass = 'local-path'

/** On a Node: the folder in which volumes of the local-path provisioner are made there. */
export const localPathFolder = 'myorch.io/local-path-folder'
/** On a volume, as a label: the node on which it is. As a finalizer: that node has a folder for it. */
export const localPathNode = 'myorch.io/local-path-node'
