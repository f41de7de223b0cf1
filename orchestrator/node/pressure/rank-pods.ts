import { formatQuantity } from '../../api/quantity.ts'
import type { MetThreshold, Signal } from './thresholds.ts'
import { limitOf } from './thresholds.ts'

// Whom the node ends when it runs short, and what it says. Pure.

/** What a container uses of what the node runs short of, and what it asked for. */
export interface ContainerShare {
  readonly name: string
  readonly usage: number
  readonly request: number
}

export interface RankedPod {
  readonly uid: string
  readonly priority: number
  readonly containers: readonly ContainerShare[]
}

/**
 * The first of them is ended first: who uses more than asked for, then who matters less, then who uses most beyond it.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#pod-selection-for-kubelet-eviction
 */
export function rankPods<Pod extends RankedPod>(signal: Signal, pods: readonly Pod[]): Pod[] {
  const excess = ({ containers }: Pod): number =>
    containers.reduce((sum, { usage, request }) => sum + usage - request, 0)
  return pods.toSorted((a, b) => {
    const byPriority = a.priority - b.priority
    // Nobody asks for processes.
    if (signal === 'pid.available') return byPriority
    const isOver = Number(excess(b) > 0) - Number(excess(a) > 0)
    return isOver || byPriority || excess(b) - excess(a)
  })
}

const resources: Readonly<Record<Signal, string>> = {
  'memory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes',
  'imagefs.available': 'ephemeral-storage',
  'imagefs.inodesFree': 'inodes',
  'pid.available': 'pids',
}

/** What the node tries to get back, as the API names it. */
export function reclaimedResource(signal: Signal): string {
  return resources[signal]
}

/** What the status of a pod says that is ended since a threshold was met. */
export function evictionMessage(
  { threshold, observation }: MetThreshold,
  containers: readonly ContainerShare[],
): string {
  const resource = resources[threshold.signal]
  const isBytes = resource === 'memory' || resource === 'ephemeral-storage'
  const amount = (value: number): string =>
    formatQuantity(Math.floor(value), isBytes ? 'bytes' : 'decimal')
  const limit = threshold.text.endsWith('%')
    ? amount(limitOf(threshold, observation))
    : threshold.text
  const blamed = containers
    .filter(({ usage, request }) => isBytes && usage > request)
    .map(
      ({ name, usage, request }) =>
        `Container ${name} was using ${amount(usage)}, request is ${amount(request)}, has larger consumption of ${resource}. `,
    )
  return [
    `The node was low on resource: ${resource}. `,
    `Threshold quantity: ${limit}, available: ${amount(observation.available)}. `,
    ...blamed,
  ].join('')
}
