import { listAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { conditionOf, isFinished, isReady, withCondition } from '../objects/pod-facts.ts'
import type { Write } from '../writes/write.ts'
import { silentStatus } from './node-silence.ts'
import type { NodeSign } from './node-silence.ts'
import { isEvicting, readiness, wantedTaints, withTaints, zoneOf } from './node-taints.ts'
import { readZones } from './zone-state.ts'
import type { EvictionRates } from './zone-state.ts'

export interface NodeHealthView {
  readonly nodes: readonly KubeObject[]
  readonly signs: ReadonlyMap<string, NodeSign>
  /** Milliseconds of the hearing clock. */
  readonly heard: number
  readonly graceMs: number
  /** For nodes that never reported. */
  readonly startupGraceMs: number
  readonly rates: EvictionRates
  /** Whether another node of the zone may be emptied now; it is then. */
  readonly takeEviction: (zone: string, perSecond: number) => boolean
  readonly now: Date
}

/** Silent nodes become unknown; taints follow the conditions. */
export function planNodeHealth(view: NodeHealthView): Write[] {
  const silent = view.nodes.flatMap((node) => {
    const status = isSilent(node, view) ? silentStatus(node, view.now) : undefined
    return status ? [{ node, after: { ...node, status } }] : []
  })
  const changed = new Map(silent.map(({ node, after }) => [node.metadata.name, after]))
  const nodes = view.nodes.map((node) => changed.get(node.metadata.name) ?? node)
  return [
    ...silent.flatMap(({ node, after }) => silenceWrites(node, after)),
    ...planTaints(nodes, view),
  ]
}

function isSilent(
  node: KubeObject,
  { signs, heard, graceMs, startupGraceMs }: NodeHealthView,
): boolean {
  const sign = signs.get(node.metadata.name ?? '')
  const grace = conditionOf(node, 'Ready') ? graceMs : startupGraceMs
  return sign !== undefined && heard - sign.heardAt > grace
}

function silenceWrites(node: KubeObject, after: KubeObject): Write[] {
  const write: Write = { verb: 'update', object: after, subresource: 'status' }
  if (readiness(node) !== 'True') return [write]
  const message = `Node ${node.metadata.name} status is now: NodeNotReady`
  return [
    write,
    { verb: 'remark', remark: { about: node, type: 'Normal', reason: 'NodeNotReady', message } },
  ]
}

function planTaints(nodes: readonly KubeObject[], view: NodeHealthView): Write[] {
  const { zones, allDown } = readZones(nodes, view.rates)
  return nodes.flatMap((node): Write[] => {
    const zone = zoneOf(node)
    const perSecond = zones.get(zone)?.perSecond ?? 0
    const evict =
      readiness(node) !== 'True' &&
      !allDown &&
      (isEvicting(node) || view.takeEviction(zone, perSecond))
    const object = withTaints(node, wantedTaints(node, evict, view.now))
    return object ? [{ verb: 'update', object }] : []
  })
}

/** Pods of a node that is not ready cannot be called ready: services stop sending to them. */
export function planPodsNotReady(
  node: KubeObject,
  pods: readonly KubeObject[],
  now: Date,
): Write[] {
  if (readiness(node) === 'True') return []
  return pods
    .filter((pod) => isReady(pod) && !isFinished(pod))
    .flatMap((about): Write[] => {
      const { reason, message } = conditionOf(about, 'Ready') ?? {}
      const condition = {
        type: 'Ready',
        status: 'False',
        ...(reason === undefined ? {} : { reason }),
        ...(message === undefined ? {} : { message }),
      }
      const conditions = withCondition(listAt(about, ['status', 'conditions']), condition, now)
      return [
        {
          verb: 'update',
          object: { ...about, status: { ...about.status, conditions } },
          subresource: 'status',
        },
        {
          verb: 'remark',
          remark: { about, type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' },
        },
      ]
    })
}
