import { itemsOf } from '../api/defaults/set-default.ts'
import { listAt, numberAt, textAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { claimsOfPod } from '../api/volumes/claims-of-pod.ts'
import type { Amounts } from './amounts.ts'
import type { Labels } from './label-match.ts'
import { podRequests, podUsualRequests } from './pod-requests.ts'
import { readNodeWish, readPodTerms, readSpreadConstraints } from './pod-terms.ts'
import type { NodeWish, PodTerms, SpreadConstraint } from './pod-terms.ts'
import { readTolerations } from './tolerations.ts'
import type { Toleration } from './tolerations.ts'

export interface HostPort {
  readonly address: string
  readonly protocol: string
  readonly port: number
}

/** A pod as plugins see it: read once per version, never changed. */
export interface PodInfo {
  readonly object: KubeObject
  /** `namespace/name` */
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly labels: Labels
  /** Equal for pods that selectors cannot tell apart. */
  readonly likeness: string
  readonly priority: number
  readonly schedulerName: string
  /** Empty until it is bound. */
  readonly nodeName: string
  readonly nominatedNodeName: string
  readonly isTerminating: boolean
  readonly requests: Amounts
  /** With usual amounts for what asks for nothing. */
  readonly usualRequests: Amounts
  readonly hostPorts: readonly HostPort[]
  readonly tolerations: readonly Toleration[]
  readonly nodeWish: NodeWish
  readonly affinity: PodTerms
  readonly antiAffinity: PodTerms
  readonly spread: readonly SpreadConstraint[]
  readonly images: readonly string[]
  readonly gates: readonly string[]
  /** As `namespace/name`. */
  readonly claims: readonly string[]
  readonly ownerUid: string | undefined
  /** When it started, or was made; milliseconds since 1970. */
  readonly since: number
}

export function readPodInfo(object: KubeObject): PodInfo {
  const spec = object.spec ?? {}
  const { namespace = '', name = '', uid = '', labels = {}, ownerReferences = [] } = object.metadata
  return {
    object,
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid,
    labels,
    likeness: `${namespace} ${JSON.stringify(labels)}`,
    priority: numberAt(spec, ['priority']) ?? 0,
    schedulerName: textAt(spec, ['schedulerName']) ?? 'default-scheduler',
    nodeName: textAt(spec, ['nodeName']) ?? '',
    nominatedNodeName: textAt(object, ['status', 'nominatedNodeName']) ?? '',
    isTerminating: object.metadata.deletionTimestamp !== undefined,
    requests: podRequests(spec),
    usualRequests: podUsualRequests(spec),
    hostPorts: readHostPorts(spec),
    tolerations: readTolerations(spec),
    nodeWish: readNodeWish(spec),
    affinity: readPodTerms(object, 'podAffinity'),
    antiAffinity: readPodTerms(object, 'podAntiAffinity'),
    spread: readSpreadConstraints(object),
    images: [...itemsOf(spec, 'initContainers'), ...itemsOf(spec, 'containers')].map(
      (container) => textAt(container, ['image']) ?? '',
    ),
    gates: listAt(spec, ['schedulingGates']).map((gate) => textAt(gate, ['name']) ?? ''),
    claims: claimsOfPod(object).map(({ claimName }) => `${namespace}/${claimName}`),
    ownerUid: (ownerReferences.find(({ controller }) => controller) ?? ownerReferences[0])?.uid,
    since: readTime(object),
  }
}

function readTime(object: KubeObject): number {
  const text = textAt(object, ['status', 'startTime']) ?? object.metadata.creationTimestamp
  return text === undefined ? 0 : Date.parse(text)
}

function readHostPorts(spec: JsonObject): HostPort[] {
  const sidecars = itemsOf(spec, 'initContainers').filter(
    (container) => container['restartPolicy'] === 'Always',
  )
  return [...sidecars, ...itemsOf(spec, 'containers')]
    .flatMap((container) => listAt(container, ['ports']))
    .map((port) => ({
      address: textAt(port, ['hostIP']) || '0.0.0.0',
      protocol: textAt(port, ['protocol']) ?? 'TCP',
      port: numberAt(port, ['hostPort']) ?? 0,
    }))
    .filter(({ port }) => port > 0)
}

/** Whether it has ended and uses nothing any more. */
export function hasEnded(object: KubeObject): boolean {
  const phase = textAt(object, ['status', 'phase'])
  return phase === 'Succeeded' || phase === 'Failed'
}
