import { textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { isFinished, isReady, isTerminating, nodeOf } from '../objects/pod-facts.ts'
import { endpointHostname, podAddresses } from './endpoint-ports.ts'

export interface Endpoint extends JsonObject {
  addresses: string[]
  conditions: { ready: boolean; serving: boolean; terminating: boolean }
  nodeName?: string
  zone?: string
  hostname?: string
  targetRef: { kind: string; namespace: string; name: string; uid: string }
  hints?: JsonObject
}

export type AddressType = 'IPv4' | 'IPv6'

/** The addresses of one type under which a pod can be reached; none before it runs and after it ended. */
export function addressesOf(pod: KubeObject, type: AddressType): string[] {
  if (isFinished(pod)) return []
  return podAddresses(pod).filter((address) => address.includes(':') === (type === 'IPv6'))
}

/** What slices say of a pod. A pod that goes stays, marked, so that proxies can let its connections end. */
export function makeEndpoint(
  service: KubeObject,
  pod: KubeObject,
  addresses: string[],
  node: KubeObject | undefined,
): Endpoint {
  const serving = isReady(pod)
  const terminating = isTerminating(pod)
  const publish = valueAt(service, ['spec', 'publishNotReadyAddresses']) === true
  const { name = '', namespace = '', uid = '' } = pod.metadata
  const nodeName = nodeOf(pod)
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone']
  const hostname = endpointHostname(service, pod)
  const endpoint: Endpoint = {
    addresses,
    conditions: { ready: publish || (serving && !terminating), serving, terminating },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(hostname ? { hostname } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  }
  const hints = hintsFor(service, endpoint)
  return hints ? { ...endpoint, hints } : endpoint
}

/** `trafficDistribution`: who should be sent to this endpoint first. */
function hintsFor(
  service: KubeObject,
  { nodeName, zone, conditions }: Endpoint,
): JsonObject | undefined {
  const wish = textAt(service, ['spec', 'trafficDistribution'])
  if (!conditions.ready || wish === undefined) return undefined
  const zones = zone ? { forZones: [{ name: zone }] } : undefined
  if (wish === 'PreferSameNode' && nodeName) return { ...zones, forNodes: [{ name: nodeName }] }
  return wish === 'PreferClose' || wish === 'PreferSameZone' ? zones : undefined
}
