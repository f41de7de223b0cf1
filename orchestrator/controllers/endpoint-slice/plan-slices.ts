import { sameJson, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { controllerReference } from '../objects/ownership.ts'
import type { Write } from '../writes/write.ts'
import { addressesOf, makeEndpoint } from './endpoint.ts'
import type { AddressType, Endpoint } from './endpoint.ts'
import { endpointPorts } from './endpoint-ports.ts'
import type { EndpointPort } from './endpoint-ports.ts'

export const serviceNameLabel = 'kubernetes.io/service-name'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const sliceController = 'endpointslice-controller.k8s.io'
const headlessLabel = 'service.kubernetes.io/headless'
const mostEndpoints = 100

export interface SliceView {
  readonly service: KubeObject
  /** Those that the service selects. */
  readonly pods: readonly KubeObject[]
  readonly nodes: ReadonlyMap<string, KubeObject>
  /** The service's, made by this controller. */
  readonly slices: readonly KubeObject[]
}

interface PortGroup {
  readonly type: AddressType
  readonly ports: EndpointPort[]
  /** By the uid of their pods. */
  readonly endpoints: Map<string, Endpoint>
}

/** The writes that make the slices of a service say where its pods are, touching as few slices as can be. */
export function planSlices(view: SliceView): Write[] {
  const groups = groupEndpoints(view)
  const left = new Set(view.slices)
  const writes = groups.flatMap((group) => {
    const mine = view.slices.filter((slice) => left.has(slice) && holds(slice, group))
    for (const slice of mine) left.delete(slice)
    return fillSlices(view.service, group, mine)
  })
  return [...writes, ...[...left].map((object) => ({ verb: 'delete' as const, object }))]
}

function holds({ addressType, ports }: KubeObject, group: PortGroup): boolean {
  return addressType === group.type && sameJson(ports ?? [], group.ports)
}

/** Pods whose ports have different numbers are in different slices: ports are said once a slice. */
function groupEndpoints({ service, pods, nodes }: SliceView): PortGroup[] {
  return addressTypes(service, pods).flatMap((type) => {
    const groups = new Map<string, PortGroup>()
    for (const pod of pods) {
      const addresses = addressesOf(pod, type)
      if (addresses.length === 0) continue
      const ports = endpointPorts(service, pod)
      const key = JSON.stringify(ports)
      const group = groups.get(key) ?? { type, ports, endpoints: new Map() }
      groups.set(key, group)
      const node = nodes.get(textAt(pod, ['spec', 'nodeName']) ?? '')
      group.endpoints.set(pod.metadata.uid ?? '', makeEndpoint(service, pod, addresses, node))
    }
    // A service without pods has one empty slice: whoever reads it knows that somebody looked.
    return groups.size > 0 ? [...groups.values()] : [{ type, ports: [], endpoints: new Map() }]
  })
}

function addressTypes(service: KubeObject, pods: readonly KubeObject[]): AddressType[] {
  const families = valueAt(service, ['spec', 'ipFamilies'])
  if (Array.isArray(families) && families.length > 0)
    return families.filter((family) => family === 'IPv4' || family === 'IPv6')
  const both = (['IPv4', 'IPv6'] as const).filter((type) =>
    pods.some((pod) => addressesOf(pod, type).length > 0),
  )
  return both.length > 0 ? both : ['IPv4']
}

/** Endpoints stay in the slice where they are; new ones fill what has room, then slices of their own. */
function fillSlices(service: KubeObject, group: PortGroup, slices: readonly KubeObject[]): Write[] {
  const missing = new Map(group.endpoints)
  const kept = slices.map((slice) => {
    const endpoints = endpointsOf(slice).flatMap(({ targetRef }) => {
      const endpoint = missing.get(targetRef?.uid ?? '')
      missing.delete(targetRef?.uid ?? '')
      return endpoint ? [endpoint] : []
    })
    return { slice, endpoints }
  })
  const waiting = [...missing.values()]
  for (const { endpoints } of kept)
    endpoints.push(...waiting.splice(0, Math.max(0, mostEndpoints - endpoints.length)))
  const writes = kept.flatMap(({ slice, endpoints }, index): Write[] => {
    // The first one is kept when it is empty, if nothing else will be there.
    const needed = endpoints.length > 0 || (index === 0 && group.endpoints.size === 0)
    return needed ? updateSlice(service, slice, endpoints) : [{ verb: 'delete', object: slice }]
  })
  while (
    waiting.length > 0 ||
    (group.endpoints.size === 0 && kept.length === 0 && writes.length === 0)
  )
    writes.push(createSlice(service, group, waiting.splice(0, mostEndpoints)))
  return writes
}

function endpointsOf({ endpoints }: KubeObject): Partial<Endpoint>[] {
  return Array.isArray(endpoints) ? (endpoints as Partial<Endpoint>[]) : []
}

function updateSlice(service: KubeObject, slice: KubeObject, endpoints: Endpoint[]): Write[] {
  const labels = sliceLabels(service)
  if (sameJson(endpointsOf(slice), endpoints) && sameJson(slice.metadata.labels, labels)) return []
  return [
    { verb: 'update', object: { ...slice, metadata: { ...slice.metadata, labels }, endpoints } },
  ]
}

function createSlice(
  service: KubeObject,
  { type, ports }: PortGroup,
  endpoints: Endpoint[],
): Write {
  const { name = '', namespace } = service.metadata
  const object: KubeObject = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: sliceLabels(service),
      ownerReferences: [controllerReference(service)],
    },
    addressType: type,
    endpoints,
    ports: ports satisfies JsonObject[],
  }
  return { verb: 'create', object }
}

function sliceLabels(service: KubeObject): Record<string, string> {
  const headless = valueAt(service, ['spec', 'clusterIP']) === 'None'
  return {
    ...service.metadata.labels,
    ...(headless ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: service.metadata.name ?? '',
    [managedByLabel]: sliceController,
  }
}
