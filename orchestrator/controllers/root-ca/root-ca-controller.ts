import { sameJson } from '../../api/object.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf } from '../objects/ownership.ts'
import { isTerminating } from '../objects/pod-facts.ts'

const name = 'kube-root-ca.crt'

const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. ' +
  'No other usage is guaranteed across distributions of Kubernetes clusters.'

/** The cluster's authority in every namespace, where the pods' tokens are projected with it. */
export const startRootCaController: StartController = (context) => {
  const { authority } = context.settings
  const namespaces = context.informers.of(kinds.namespace)
  const configs = context.informers.of(kinds.configMap)
  const controller = startKeyController(context, {
    name: 'root-ca-certificate-publisher',
    kind: kinds.namespace,
    reads: [kinds.namespace, kinds.configMap],
    plan: (namespace) => {
      const found = namespaces.get({ name: namespace })
      if (authority === undefined || !found || isTerminating(found)) return { writes: [] }
      const data = { 'ca.crt': authority }
      const current = configs.get({ name, namespace })
      if (!current) {
        const annotations = { 'kubernetes.io/description': description }
        const object = { ...kinds.configMap, metadata: { name, namespace, annotations }, data }
        return { writes: [{ verb: 'create', object }] }
      }
      if (sameJson(current['data'], data)) return { writes: [] }
      return { writes: [{ verb: 'update', object: { ...current, data } }] }
    },
  })
  namespaces.onChange((namespace) => controller.add(keyOf(namespace)))
  configs.onChange(({ metadata }) => {
    if (metadata.name === name) controller.add(metadata.namespace ?? '')
  })
  return controller
}
