import type { KubeObject } from '../../api/object.ts'
import { groupPods, readRequests } from './pod-groups.ts'
import type { Measures } from './pod-groups.ts'

// How many replicas one metric asks for. Pure.

/** What is near enough to the target is left as it is. */
const tolerance = 0.1

export interface CountRequest {
  readonly pods: readonly KubeObject[]
  readonly measures: Measures
  readonly resource: string
  /** Absent: the sum of all containers. */
  readonly container?: string | undefined
  readonly currentReplicas: number
  readonly target: MetricTarget
  /** Milliseconds since 1970. */
  readonly now: number
}

export type MetricTarget =
  /** Percent of what pods request. */
  | { readonly type: 'Utilization'; readonly percent: number }
  /** Thousandths, on average over the pods. */
  | { readonly type: 'AverageValue'; readonly amount: number }

export interface Count {
  readonly replicas: number
  /** Percent of the requests; absent for a target in amounts. */
  readonly utilization?: number
  /** Thousandths a pod. */
  readonly average: number
}

/** @returns the words of why it cannot be said */
export function countReplicas(request: CountRequest): Count | string {
  const { pods, measures, resource, container, currentReplicas, target, now } = request
  if (pods.length === 0) return 'no pods returned by selector while calculating replica count'
  if (measures.size === 0)
    return `unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`
  const { ready, unready, missing } = groupPods(pods, measures, resource, now)
  if (ready.length === 0) return 'did not receive metrics for targeted pods (pods might be unready)'
  const requests =
    target.type === 'Utilization' ? readRequests(pods, resource, container) : undefined
  if (typeof requests === 'string') return requests
  const used = new Map(ready.map((name) => [name, measures.get(name)?.amount ?? 0]))
  const ratioOf = (amounts: ReadonlyMap<string, number>) => usageRatio(amounts, target, requests)
  const { ratio, utilization, average } = ratioOf(used)
  const seen = { average, ...(utilization === undefined ? {} : { utilization }) }
  const stay = { replicas: currentReplicas, ...seen }
  const fillsUnready = unready.length > 0 && ratio > 1
  if (!fillsUnready && missing.length === 0)
    return isNear(ratio) ? stay : { replicas: roundUp(ratio * ready.length), ...seen }
  // What is not known is taken for what speaks against the change.
  for (const name of missing)
    if (ratio < 1) used.set(name, cautious(target, requests?.get(name)))
    else if (ratio > 1) used.set(name, 0)
  if (fillsUnready) for (const name of unready) used.set(name, 0)
  const filled = ratioOf(used).ratio
  const turned = (ratio < 1 && filled > 1) || (ratio > 1 && filled < 1)
  if (isNear(filled) || turned) return stay
  const replicas = roundUp(filled * used.size)
  const against =
    (filled < 1 && replicas > currentReplicas) || (filled > 1 && replicas < currentReplicas)
  return against ? stay : { replicas, ...seen }
}

function usageRatio(
  amounts: ReadonlyMap<string, number>,
  target: MetricTarget,
  requests: ReadonlyMap<string, number> | undefined,
) {
  const total = sum(amounts.values())
  const average = Math.floor(total / amounts.size)
  if (target.type === 'AverageValue')
    return { ratio: average / target.amount, utilization: undefined, average }
  const asked = sum([...amounts.keys()].map((name) => requests?.get(name) ?? 0))
  const utilization = asked === 0 ? 0 : Math.floor((total * 100) / asked)
  return { ratio: utilization / target.percent, utilization, average }
}

function cautious(target: MetricTarget, request = 0): number {
  if (target.type === 'AverageValue') return target.amount
  return (request * Math.max(100, target.percent)) / 100
}

function isNear(ratio: number): boolean {
  return Math.abs(1 - ratio) <= tolerance
}

/** Up, but not because of the last digit of a fraction. */
function roundUp(value: number): number {
  return Math.ceil(Number(value.toFixed(9)))
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
