import { formatAmount } from '../amounts.ts'
import type { Amounts } from '../amounts.ts'
import type { ClusterChange } from '../cluster-change.ts'
import { maxScore } from '../framework.ts'
import type { Plugin, Rejection } from '../framework.ts'
import type { NodeFacts, NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'

export type FitStrategy = 'LeastAllocated' | 'MostAllocated'

interface Shortage {
  readonly resource: string
  readonly wanted: number
  readonly free: number
  /** Not even the empty node would do. */
  readonly isFinal: boolean
}

/** Requests against what is left of a node; scores by what would be left, or by what would be taken. */
export function nodeResourcesFit(strategy: FitStrategy = 'LeastAllocated'): Plugin {
  const rate = strategy === 'LeastAllocated' ? shareLeft : shareTaken
  return {
    name: 'NodeResourcesFit',
    prepareFilter: (pod) => ({ filter: (node) => checkFit(pod, node) }),
    prepareScore: ({ usualRequests }) => ({
      score: ({ allocatable, usualRequested }) => {
        let sum = 0
        let counted = 0
        for (const name of ['cpu', 'memory'] as const) {
          if (allocatable[name] === 0) continue
          counted++
          sum += rate(usualRequested[name] + usualRequests[name], allocatable[name])
        }
        return counted === 0 ? 0 : Math.floor(sum / counted)
      },
    }),
    hints: [
      { on: 'node-added', helps: fitsWhenEmpty },
      { on: 'node-capacity', helps: fitsWhenEmpty },
      { on: 'pod-gone', helps: hasRoomNow },
      { on: 'pod-shrunk' },
    ],
  }
}

function shareLeft(requested: number, capacity: number): number {
  return requested > capacity ? 0 : Math.floor(((capacity - requested) * maxScore) / capacity)
}

function shareTaken(requested: number, capacity: number): number {
  return Math.floor((Math.min(requested, capacity) * maxScore) / capacity)
}

function checkFit(pod: PodInfo, node: NodeInfo): Rejection | undefined {
  const isFull = node.pods.length + 1 > node.podLimit
  // The usual case costs no list.
  if (!isFull && !isShort(pod.requests, node)) return undefined
  const shortages = findShortages(pod.requests, node)
  const reasons = shortages.map(({ resource }) => `Insufficient ${resource}`)
  return {
    reasons: isFull ? ['Too many pods', ...reasons] : reasons,
    isFinal: shortages.some(({ isFinal }) => isFinal),
    remedies: () => [
      ...(isFull ? [{ text: describeFullness(node), size: 1 }] : []),
      ...shortages.map((shortage) => ({
        text: describeShortage(shortage, node),
        size: (shortage.wanted - Math.max(0, shortage.free)) / shortage.wanted,
      })),
    ],
  }
}

function isShort(wanted: Amounts, { allocatable, requested }: NodeInfo): boolean {
  if (wanted.cpu > 0 && wanted.cpu > allocatable.cpu - requested.cpu) return true
  if (wanted.memory > 0 && wanted.memory > allocatable.memory - requested.memory) return true
  if (
    wanted.ephemeralStorage > 0 &&
    wanted.ephemeralStorage > allocatable.ephemeralStorage - requested.ephemeralStorage
  )
    return true
  for (const name in wanted.others)
    if (wanted.others[name]! > freeOf(name, { allocatable, requested })) return true
  return false
}

function freeOf(name: string, node: Pick<NodeInfo, 'allocatable' | 'requested'>): number {
  return (node.allocatable.others[name] ?? 0) - (node.requested.others[name] ?? 0)
}

function findShortages(wanted: Amounts, { allocatable, requested }: NodeInfo): Shortage[] {
  const rows: [string, number, number, number][] = [
    ['cpu', wanted.cpu, allocatable.cpu, requested.cpu],
    ['memory', wanted.memory, allocatable.memory, requested.memory],
    [
      'ephemeral-storage',
      wanted.ephemeralStorage,
      allocatable.ephemeralStorage,
      requested.ephemeralStorage,
    ],
    ...Object.entries(wanted.others).map(([name, amount]): [string, number, number, number] => [
      name,
      amount,
      allocatable.others[name] ?? 0,
      requested.others[name] ?? 0,
    ]),
  ]
  return rows
    .filter(([, amount, has, used]) => amount > 0 && amount > has - used)
    .map(([resource, amount, has, used]) => ({
      resource,
      wanted: amount,
      free: has - used,
      isFinal: amount > has,
    }))
}

function describeFullness({ name, podLimit }: NodeInfo): string {
  return `take a pod from node ${name}: it takes ${podLimit} at most`
}

function describeShortage({ resource, wanted, free }: Shortage, { name }: NodeInfo): string {
  const amount = (value: number) => formatAmount(resource, value)
  const have = free > 0 ? amount(free) : '0'
  return `ask for ${amount(wanted - Math.max(0, free))} less ${resource}, or free as much on node ${name}: the pod asks for ${amount(wanted)}, ${have} is left`
}

/** Or could have, if more pods of lower priority left. Thousands may wait: who cannot gain is not tried again. */
function hasRoomNow(pod: PodInfo, change: ClusterChange): boolean {
  if (change.type !== 'pod-gone' || !change.left) return true
  const { left: node } = change
  return !checkFit(pod, node) || node.pods.some(({ priority }) => priority < pod.priority)
}

function fitsWhenEmpty({ requests }: PodInfo, change: ClusterChange): boolean {
  if (!('node' in change)) return false
  const { allocatable }: NodeFacts = change.node
  return (
    requests.cpu <= allocatable.cpu &&
    requests.memory <= allocatable.memory &&
    requests.ephemeralStorage <= allocatable.ephemeralStorage &&
    Object.entries(requests.others).every(
      ([name, amount]) => amount <= (allocatable.others[name] ?? 0),
    )
  )
}
