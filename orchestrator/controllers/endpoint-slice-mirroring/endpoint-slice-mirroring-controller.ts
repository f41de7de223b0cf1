import { valueAt } from '../../api/object.ts'
import type { StartController } from '../controller.ts'
import { managedByLabel, serviceNameLabel } from '../endpoint-slice/plan-slices.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { isMirrored, mirrorController, planMirror } from './plan-mirror.ts'

/** Endpoints that somebody wrote for a service without a selector, as the slices that proxies read. */
export const startEndpointSliceMirroringController: StartController = (context) => {
  const { informers } = context
  const services = informers.of(kinds.service)
  const endpoints = informers.of(kinds.endpoints)
  const slices = informers.of(kinds.endpointSlice)
  slices.addIndex('mirrored', ({ metadata: { namespace, labels = {} } }) =>
    labels[managedByLabel] === mirrorController ? [`${namespace}/${labels[serviceNameLabel]}`] : [],
  )
  const controller = startKeyController(context, {
    name: 'endpoint-slice-mirroring-controller',
    kind: kinds.endpoints,
    reads: [kinds.service, kinds.endpoints, kinds.endpointSlice],
    plan: (key) => {
      const of = splitKey(key)
      const service = services.get(of)
      const source = endpoints.get(of)
      const own = slices.byIndex('mirrored', key).filter((slice) => !isTerminating(slice))
      const isHandMade = service && valueAt(service, ['spec', 'selector']) === undefined
      if (!isHandMade || !source || !isMirrored(source))
        return { writes: own.map((object) => ({ verb: 'delete', object })) }
      return { writes: planMirror(source, own) }
    },
  })
  services.onChange((service) => controller.add(keyOf(service)))
  endpoints.onChange((object) => controller.add(keyOf(object)))
  slices.onChange(({ metadata: { namespace, labels = {} } }) => {
    if (labels[managedByLabel] === mirrorController)
      controller.add(`${namespace}/${labels[serviceNameLabel]}`)
  })
  return controller
}
