import { isObject, listAt, numberAt, textAt } from '../../api/object.ts'
import type { JsonObject } from '../../api/object.ts'

// How fast, and on which recommendations, a target may grow and shrink. Pure.

interface Policy {
  readonly type: 'Pods' | 'Percent'
  readonly value: number
  readonly periodSeconds: number
}

export interface ScalingRules {
  readonly stabilizationSeconds: number
  readonly policies: readonly Policy[]
  readonly select: 'Max' | 'Min' | 'Disabled'
}

export interface Behavior {
  readonly up: ScalingRules
  readonly down: ScalingRules
}

/** What was recommended or done, at milliseconds since 1970. */
export interface Recommendation {
  readonly replicas: number
  readonly at: number
}
export interface ScaleEvent {
  readonly change: number
  readonly at: number
}

const usual: Behavior = {
  up: {
    stabilizationSeconds: 0,
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
    select: 'Max',
  },
  down: {
    stabilizationSeconds: 300,
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    select: 'Max',
  },
}

export function readBehavior(spec: unknown): Behavior {
  const behavior = isObject(spec) ? spec['behavior'] : undefined
  const at = (field: string) => (isObject(behavior) ? behavior[field] : undefined)
  return { up: readRules(at('scaleUp'), usual.up), down: readRules(at('scaleDown'), usual.down) }
}

function readRules(value: unknown, otherwise: ScalingRules): ScalingRules {
  const policies = listAt(value, ['policies']).map((policy: JsonObject): Policy => ({
    type: policy['type'] === 'Pods' ? 'Pods' : 'Percent',
    value: numberAt(policy, ['value']) ?? 0,
    periodSeconds: numberAt(policy, ['periodSeconds']) ?? 15,
  }))
  const select = textAt(value, ['selectPolicy'])
  return {
    stabilizationSeconds:
      numberAt(value, ['stabilizationWindowSeconds']) ?? otherwise.stabilizationSeconds,
    policies: policies.length > 0 ? policies : otherwise.policies,
    select: select === 'Min' || select === 'Disabled' ? select : 'Max',
  }
}

/** The least that was recommended lately, on the way up, and the most on the way down. */
export function stabilize(
  { up, down }: Behavior,
  current: number,
  desired: number,
  before: readonly Recommendation[],
  now: number,
): number {
  const since = (seconds: number) =>
    before.filter(({ at }) => at > now - seconds * 1000).map(({ replicas }) => replicas)
  const least = Math.min(desired, ...since(up.stabilizationSeconds))
  const most = Math.max(desired, ...since(down.stabilizationSeconds))
  if (current < least) return least
  return current > most ? most : current
}

export interface Limited {
  readonly replicas: number
  readonly reason:
    | 'ScaleUpLimit'
    | 'TooManyReplicas'
    | 'ScaleDownLimit'
    | 'TooFewReplicas'
    | 'DesiredWithinRange'
}

export interface LimitView {
  readonly behavior: Behavior
  readonly current: number
  readonly least: number
  readonly most: number
  /** What was done so far, of both directions. */
  readonly events: readonly ScaleEvent[]
  readonly now: number
}

/** What of a wish may be done now. */
export function limitScale(desired: number, view: LimitView): Limited {
  const { current, least, most } = view
  if (desired > current) {
    const fastest = Math.max(current, fastestUp(view))
    const allowed = Math.min(most, fastest)
    if (desired > allowed)
      return { replicas: allowed, reason: fastest < most ? 'ScaleUpLimit' : 'TooManyReplicas' }
  } else if (desired < current) {
    const fastest = Math.min(current, fastestDown(view))
    const allowed = Math.max(least, fastest)
    if (desired < allowed)
      return { replicas: allowed, reason: fastest > least ? 'ScaleDownLimit' : 'TooFewReplicas' }
  }
  return { replicas: desired, reason: 'DesiredWithinRange' }
}

function fastestUp({ behavior: { up }, current, events, now }: LimitView): number {
  if (up.select === 'Disabled') return current
  const proposals = up.policies.map(({ type, value, periodSeconds }) => {
    const start = startOfPeriod(current, events, now, periodSeconds)
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100))
  })
  return up.select === 'Min' ? Math.min(...proposals) : Math.max(...proposals)
}

function fastestDown({ behavior: { down }, current, events, now }: LimitView): number {
  if (down.select === 'Disabled') return current
  const proposals = down.policies.map(({ type, value, periodSeconds }) => {
    const start = startOfPeriod(current, events, now, periodSeconds)
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100))
  })
  // The greatest change is the least number.
  return down.select === 'Min' ? Math.max(...proposals) : Math.min(...proposals)
}

/** How many there were when the period began. */
function startOfPeriod(
  current: number,
  events: readonly ScaleEvent[],
  now: number,
  seconds: number,
): number {
  const changes = events.filter(({ at }) => at > now - seconds * 1000)
  return changes.reduce((count, { change }) => count - change, current)
}
