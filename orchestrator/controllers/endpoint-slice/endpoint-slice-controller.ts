import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { splitKey } from '../objects/ownership.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { hasSelectedPods, onServiceChange, selectedPods } from '../services-of-pod.ts'
import { managedByLabel, planSlices, serviceNameLabel, sliceController } from './plan-slices.ts'

/** Where the pods of each service are, for the proxies of the nodes. */
export const startEndpointSliceController: StartController = (context) => {
  const { informers } = context
  const services = informers.of(kinds.service)
  const slices = informers.of(kinds.endpointSlice)
  const nodes = informers.of(kinds.node)
  slices.addIndex('service', ({ metadata: { namespace, labels = {} } }) =>
    labels[managedByLabel] === sliceController ? [`${namespace}/${labels[serviceNameLabel]}`] : [],
  )
  const controller = startKeyController(context, {
    name: 'endpoint-slice-controller',
    kind: kinds.service,
    reads: [kinds.service, kinds.pod, kinds.node, kinds.endpointSlice],
    plan: (key) => {
      const { name, namespace } = splitKey(key)
      const service = services.get({ name, namespace })
      const own = slices.byIndex('service', key).filter((slice) => !isTerminating(slice))
      if (!service || isTerminating(service) || !hasSelectedPods(service))
        return { writes: own.map((object) => ({ verb: 'delete', object })) }
      const byName = new Map(nodes.list().map((node) => [node.metadata.name ?? '', node]))
      const pods = selectedPods(informers, service)
      return { writes: planSlices({ service, pods, nodes: byName, slices: own }) }
    },
  })
  onServiceChange(informers, controller.add)
  // What somebody else changed in them is put right again.
  slices.onChange(({ metadata: { namespace, labels = {} } }) => {
    if (labels[managedByLabel] === sliceController)
      controller.add(`${namespace}/${labels[serviceNameLabel]}`)
  })
  return controller
}
