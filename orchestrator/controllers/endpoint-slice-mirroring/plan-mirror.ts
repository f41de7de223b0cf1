import { listAt, sameJson, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import type { AddressType } from '../endpoint-slice/endpoint.ts'
import { managedByLabel, serviceNameLabel } from '../endpoint-slice/plan-slices.ts'
import { controllerReference } from '../objects/ownership.ts'
import type { Write } from '../writes/write.ts'

export const mirrorController = 'endpointslicemirroring-controller.k8s.io'
/** Notes about the Endpoints themselves, and what kubectl applied: they are not the slices'. */
const ownNotes = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'endpoints.kubernetes.io/over-capacity',
  'kubectl.kubernetes.io/last-applied-configuration',
])
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror'
const leaderNote = 'control-plane.alpha.kubernetes.io/leader'
const mostEndpoints = 1000

/** Whether somebody wrote them for people to reach: no lock, and not kept from us. */
export function isMirrored({ metadata }: KubeObject): boolean {
  const { labels = {}, annotations = {} } = metadata
  return (
    metadata.deletionTimestamp === undefined &&
    labels[skipLabel] !== 'true' &&
    !(leaderNote in annotations)
  )
}

interface Mirrored {
  readonly addressType: AddressType
  readonly ports: JsonObject[]
  readonly endpoints: JsonObject[]
}

/** The writes that make slices say what hand-made Endpoints say. @param slices those that were made so before */
export function planMirror(endpoints: KubeObject, slices: readonly KubeObject[]): Write[] {
  const left = new Set(slices)
  const writes = mirror(endpoints).flatMap((wanted): Write[] => {
    const slice = [...left].find(
      ({ addressType, ports }) =>
        addressType === wanted.addressType && sameJson(ports ?? [], wanted.ports),
    )
    if (!slice) return [{ verb: 'create', object: makeSlice(endpoints, wanted) }]
    left.delete(slice)
    const { labels, annotations } = sliceMetadata(endpoints)
    const same =
      sameJson(slice['endpoints'] ?? [], wanted.endpoints) &&
      sameJson(slice.metadata.labels, labels) &&
      sameJson(slice.metadata.annotations ?? {}, annotations)
    const metadata = { ...slice.metadata, labels, annotations }
    return same
      ? []
      : [{ verb: 'update', object: { ...slice, metadata, endpoints: wanted.endpoints } }]
  })
  return [...writes, ...[...left].map((object) => ({ verb: 'delete' as const, object }))]
}

/** A slice for each type of address and list of ports. */
function mirror(endpoints: KubeObject): Mirrored[] {
  const groups = new Map<string, Mirrored>()
  for (const subset of listAt(endpoints, ['subsets'])) {
    const ports = listAt(subset, ['ports']).map((port) => ({
      name: port['name'] ?? '',
      protocol: port['protocol'] ?? 'TCP',
      port: port['port'],
      ...(port['appProtocol'] === undefined ? {} : { appProtocol: port['appProtocol'] }),
    }))
    for (const [list, ready] of [
      ['addresses', true],
      ['notReadyAddresses', false],
    ] as const)
      for (const address of listAt(subset, [list])) {
        const addressType = textAt(address, ['ip'])?.includes(':') ? 'IPv6' : 'IPv4'
        const key = JSON.stringify([addressType, ports])
        const group: Mirrored = groups.get(key) ?? { addressType, ports, endpoints: [] }
        groups.set(key, group)
        if (group.endpoints.length < mostEndpoints) group.endpoints.push(endpointOf(address, ready))
      }
  }
  return [...groups.values()]
}

function endpointOf({ ip, hostname, nodeName, targetRef }: JsonObject, ready: boolean): JsonObject {
  return {
    addresses: [ip ?? ''],
    conditions: { ready },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  }
}

function makeSlice(endpoints: KubeObject, mirrored: Mirrored): KubeObject {
  const { name = '', namespace } = endpoints.metadata
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      ...sliceMetadata(endpoints),
      ownerReferences: [controllerReference({ ...endpoints, apiVersion: 'v1', kind: 'Endpoints' })],
    },
    ...mirrored,
  }
}

function sliceMetadata({ metadata }: KubeObject) {
  const { name = '', labels, annotations = {} } = metadata
  return {
    labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: mirrorController },
    annotations: Object.fromEntries(
      Object.entries(annotations).filter(([key]) => !ownNotes.has(key)),
    ),
  }
}
