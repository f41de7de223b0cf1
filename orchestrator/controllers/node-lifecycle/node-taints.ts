import { listAt, sameJson, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { conditionOf, secondsText } from '../objects/pod-facts.ts'

export interface Taint extends JsonObject {
  key: string
  value?: string
  effect: string
  timeAdded?: string
}

export const notReadyTaint = 'node.kubernetes.io/not-ready'
export const unreachableTaint = 'node.kubernetes.io/unreachable'

const pressureTaints = [
  ['MemoryPressure', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'node.kubernetes.io/network-unavailable'],
] as const

export function taintsOf(node: KubeObject): Taint[] {
  return listAt(node, ['spec', 'taints']) as Taint[]
}

export function readiness(node: KubeObject): 'True' | 'False' | 'Unknown' {
  const status = conditionOf(node, 'Ready')?.status
  return status === 'True' || status === 'False' ? status : 'Unknown'
}

/** The taint that says why pods cannot stay: none for a node that is ready. */
export function reachTaint(node: KubeObject): string | undefined {
  const ready = readiness(node)
  if (ready === 'True') return undefined
  return ready === 'False' ? notReadyTaint : unreachableTaint
}

/**
 * The taints that the node should have: those of its conditions are ours, all others somebody else's.
 * @param evict whether pods are to be sent away from the node if it is not ready
 */
export function wantedTaints(node: KubeObject, evict: boolean, now: Date): Taint[] {
  const current = taintsOf(node)
  const wanted = ownTaints(node, evict)
  const kept = current.filter((taint) => !isOwn(taint) || wanted.some((one) => isSame(one, taint)))
  const added = wanted
    .filter((taint) => !kept.some((one) => isSame(one, taint)))
    .map((taint) => ({ ...taint, timeAdded: secondsText(now) }))
  return [...kept, ...added]
}

/** The node with other taints, undefined when it has them already. */
export function withTaints(node: KubeObject, taints: readonly Taint[]): KubeObject | undefined {
  if (sameJson(taintsOf(node), taints)) return undefined
  const { taints: _, ...spec } = node.spec ?? {}
  return { ...node, spec: { ...spec, ...(taints.length > 0 ? { taints: [...taints] } : {}) } }
}

/** Whether pods are being sent away because the node is not ready. */
export function isEvicting(node: KubeObject): boolean {
  return taintsOf(node).some(({ key, effect }) => isReach(key) && effect === 'NoExecute')
}

function ownTaints(node: KubeObject, evict: boolean): Taint[] {
  const reach = reachTaint(node)
  const keys = pressureTaints
    .filter(([type]) => conditionOf(node, type)?.status === 'True')
    .map(([, key]): string => key)
  if (valueAt(node, ['spec', 'unschedulable']) === true)
    keys.push('node.kubernetes.io/unschedulable')
  if (reach) keys.unshift(reach)
  const noSchedule = keys.map((key) => ({ key, effect: 'NoSchedule' }))
  return reach && evict ? [...noSchedule, { key: reach, effect: 'NoExecute' }] : noSchedule
}

function isOwn({ key, effect }: Taint): boolean {
  if (isReach(key)) return effect === 'NoSchedule' || effect === 'NoExecute'
  const known = pressureTaints.some(([, own]) => own === key)
  return effect === 'NoSchedule' && (known || key === 'node.kubernetes.io/unschedulable')
}

function isReach(key: string): boolean {
  return key === notReadyTaint || key === unreachableTaint
}

function isSame(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect
}

/** Where a node stands: failures are counted per zone. */
export function zoneOf({ metadata: { labels = {} } }: KubeObject): string {
  const at = { metadata: { labels } }
  const region = textAt(at, ['metadata', 'labels', 'topology.kubernetes.io/region']) ?? ''
  return `${region}:${labels['topology.kubernetes.io/zone'] ?? ''}`
}
