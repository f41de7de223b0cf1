import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { hasSelectedPods, onServiceChange, selectedPods } from '../services-of-pod.ts'
import { planEndpoints } from './plan-endpoints.ts'

const managedBy = 'endpoints.kubernetes.io/managed-by'

/** The same as the slices, in the older form. */
export const startEndpointsController: StartController = (context) => {
  const { informers } = context
  const services = informers.of(kinds.service)
  const endpoints = informers.of(kinds.endpoints)
  const controller = startKeyController(context, {
    name: 'endpoint-controller',
    kind: kinds.service,
    reads: [kinds.service, kinds.pod, kinds.endpoints],
    plan: (key) => {
      const of = splitKey(key)
      const service = services.get(of)
      const current = endpoints.get(of)
      if (service && !isTerminating(service) && hasSelectedPods(service))
        return { writes: planEndpoints(service, selectedPods(informers, service), current) }
      // Those of a service without a selector are somebody's own.
      const isOurs = current?.metadata.labels?.[managedBy] === 'endpoint-controller'
      return { writes: current && !service && isOurs ? [{ verb: 'delete', object: current }] : [] }
    },
  })
  onServiceChange(informers, controller.add)
  endpoints.onChange((object) => {
    if (object.metadata.labels?.[managedBy]) controller.add(keyOf(object))
  })
  return controller
}
