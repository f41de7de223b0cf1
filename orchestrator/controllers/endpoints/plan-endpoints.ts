import { sameJson, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { addressesOf } from '../endpoint-slice/endpoint.ts'
import { endpointHostname, endpointPorts } from '../endpoint-slice/endpoint-ports.ts'
import type { EndpointPort } from '../endpoint-slice/endpoint-ports.ts'
import { isReady, isTerminating, nodeOf } from '../objects/pod-facts.ts'
import type { Write } from '../writes/write.ts'

// The older form of endpoint slices: one object a service, for clients that read nothing else.

const overCapacity = 'endpoints.kubernetes.io/over-capacity'
const managedBy = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' }
const mostAddresses = 1000

interface Subset extends JsonObject {
  addresses?: JsonObject[]
  notReadyAddresses?: JsonObject[]
  ports?: EndpointPort[]
}

/** @param pods those that the service selects @param current the Endpoints of the service's name, if there are some */
export function planEndpoints(
  service: KubeObject,
  pods: readonly KubeObject[],
  current: KubeObject | undefined,
): Write[] {
  const { subsets, truncated } = makeSubsets(service, pods)
  const headless = valueAt(service, ['spec', 'clusterIP']) === 'None'
  const labels = {
    ...service.metadata.labels,
    ...(headless ? { 'service.kubernetes.io/headless': '' } : {}),
    ...managedBy,
  }
  const { [overCapacity]: _, ...kept } = current?.metadata.annotations ?? {}
  const annotations = truncated ? { ...kept, [overCapacity]: 'truncated' } : kept
  const { name = '', namespace } = service.metadata
  const wanted: KubeObject = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...(current?.metadata ?? { name, ...(namespace === undefined ? {} : { namespace }) }),
      labels,
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    ...(subsets.length > 0 ? { subsets } : {}),
  }
  if (!current) return [{ verb: 'create', object: wanted }]
  const same =
    sameJson(current['subsets'] ?? [], subsets) &&
    sameJson(current.metadata.labels, labels) &&
    sameJson(current.metadata.annotations ?? {}, annotations)
  return same ? [] : [{ verb: 'update', object: wanted }]
}

function makeSubsets(
  service: KubeObject,
  pods: readonly KubeObject[],
): { subsets: Subset[]; truncated: boolean } {
  const publish = valueAt(service, ['spec', 'publishNotReadyAddresses']) === true
  const family = valueAt(service, ['spec', 'ipFamilies', 0]) === 'IPv6' ? 'IPv6' : 'IPv4'
  const counted = pods
    .filter((pod) => publish || !isTerminating(pod))
    .flatMap((pod) =>
      addressesOf(pod, family)
        .slice(0, 1)
        .map((ip) => ({ pod, ip })),
    )
  const shown = counted.toSorted((a, b) => (a.ip < b.ip ? -1 : 1)).slice(0, mostAddresses)
  const subsets = new Map<string, Subset>()
  for (const { pod, ip } of shown) {
    const ports = endpointPorts(service, pod)
    const key = JSON.stringify(ports)
    const subset = subsets.get(key) ?? {}
    const list = publish || isReady(pod) ? 'addresses' : 'notReadyAddresses'
    ;(subset[list] ??= []).push(makeAddress(service, pod, ip))
    // After the addresses, as people are used to reading it.
    if (ports.length > 0) subset.ports = ports
    subsets.set(key, subset)
  }
  return { subsets: [...subsets.values()], truncated: counted.length > mostAddresses }
}

function makeAddress(service: KubeObject, pod: KubeObject, ip: string): JsonObject {
  const { name = '', namespace = '', uid = '' } = pod.metadata
  const nodeName = nodeOf(pod)
  const hostname = endpointHostname(service, pod)
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  }
}
