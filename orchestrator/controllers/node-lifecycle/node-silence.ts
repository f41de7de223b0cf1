import { listAt, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { conditionOf, secondsText } from '../objects/pod-facts.ts'

export interface NodeSign {
  /** What the node said last; another text is a sign of life. */
  readonly said: string
  /** When it was heard first, by the hearing clock. */
  readonly heardAt: number
}

const agentConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** A node lives while its lease or its own report of being ready changes; neither clock is compared with ours. */
export function readSign(
  node: KubeObject,
  lease: KubeObject | undefined,
  before: NodeSign | undefined,
  now: number,
): NodeSign {
  const ready = conditionOf(node, 'Ready')
  const own = ready?.status === 'Unknown' ? undefined : ready?.['lastHeartbeatTime']
  const said = `${textAt(lease, ['spec', 'renewTime']) ?? ''} ${typeof own === 'string' ? own : ''}`
  if (before === undefined || (said !== before.said && isLife(said, before.said)))
    return { said, heardAt: now }
  return before
}

/** Our own writing of `Unknown` empties the report; only something new is life. */
function isLife(said: string, before: string): boolean {
  const [lease, own] = said.split(' ')
  const [leaseBefore, ownBefore] = before.split(' ')
  return (lease !== '' && lease !== leaseBefore) || (own !== '' && own !== ownBefore)
}

/** The status of a node that fell silent: what it reported is known no longer. Undefined when it says so already. */
export function silentStatus(node: KubeObject, now: Date): KubeObject['status'] | undefined {
  const conditions = listAt(node, ['status', 'conditions'])
  const known = agentConditions.filter((type) => conditionOf(node, type)?.status !== 'Unknown')
  if (known.length === 0) return undefined
  const time = secondsText(now)
  const others = conditions.filter(({ type }) => !known.some((one) => one === type))
  const unknown = known.map((type) => {
    const current = conditionOf(node, type)
    return {
      type,
      status: 'Unknown',
      lastHeartbeatTime: current?.['lastHeartbeatTime'] ?? node.metadata.creationTimestamp ?? time,
      lastTransitionTime: time,
      ...(current
        ? { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }
        : { reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.' }),
    }
  })
  return { ...node.status, conditions: [...others, ...unknown] }
}
