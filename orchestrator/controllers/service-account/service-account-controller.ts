import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf } from '../objects/ownership.ts'
import { isTerminating } from '../objects/pod-facts.ts'

const name = 'default'

/** A service account `default` in every namespace, for the pods that ask for none. */
export const startServiceAccountController: StartController = (context) => {
  const namespaces = context.informers.of(kinds.namespace)
  const accounts = context.informers.of(kinds.serviceAccount)
  const controller = startKeyController(context, {
    name: 'service-account-controller',
    kind: kinds.namespace,
    reads: [kinds.namespace, kinds.serviceAccount],
    plan: (namespace) => {
      const found = namespaces.get({ name: namespace })
      if (!found || isTerminating(found) || accounts.get({ name, namespace })) return { writes: [] }
      const object = { ...kinds.serviceAccount, metadata: { name, namespace } }
      return { writes: [{ verb: 'create', object }] }
    },
  })
  namespaces.onChange((namespace) => controller.add(keyOf(namespace)))
  accounts.onChange(({ metadata }, isThere) => {
    if (!isThere && metadata.name === name) controller.add(metadata.namespace ?? '')
  })
  return controller
}
