import type { KubeObject } from '../../api/object.ts'
import {
  activeSets,
  availableReplicas,
  byAge,
  isRolling,
  rolloutLimits,
  statusCount,
  sumOf,
  wantedReplicas,
} from './deployment-facts.ts'
import { desiredOf, mostOf, revisionOf } from './rollout-annotations.ts'
import { changedSizes } from './set-sizes.ts'
import type { SetSizes } from './set-sizes.ts'

// A Deployment whose size changes while it is rolled out or paused: all its sets grow or shrink by the same share.

/** Whether the size was changed since the sets were last sized. */
export function isScaled(deployment: KubeObject, sets: readonly KubeObject[]): boolean {
  return activeSets(sets).some((set) => {
    const desired = desiredOf(set)
    return desired !== undefined && desired !== wantedReplicas(deployment)
  })
}

export function scaleSizes(
  deployment: KubeObject,
  newSet: KubeObject | undefined,
  oldSets: readonly KubeObject[],
): SetSizes {
  const wanted = wantedReplicas(deployment)
  const only = onlySet(newSet, oldSets)
  if (only) return changedSizes([[only, wanted]])
  if (isSaturated(deployment, newSet))
    return changedSizes(byAge(activeSets(oldSets)).map((set) => [set, 0]))
  if (!isRolling(deployment)) return new Map()
  return shareOut(deployment, activeSets([...oldSets, ...(newSet ? [newSet] : [])]))
}

/** The one set that has pods; without any, the newest. Undefined where several have. */
function onlySet(
  newSet: KubeObject | undefined,
  oldSets: readonly KubeObject[],
): KubeObject | undefined {
  const all = newSet ? [newSet, ...oldSets] : oldSets
  const active = activeSets(all)
  if (active.length > 1) return undefined
  return active[0] ?? newSet ?? all.toSorted((a, b) => revisionOf(b) - revisionOf(a))[0]
}

function isSaturated(deployment: KubeObject, newSet: KubeObject | undefined): boolean {
  const wanted = wantedReplicas(deployment)
  return (
    newSet !== undefined &&
    wantedReplicas(newSet) === wanted &&
    desiredOf(newSet) === wanted &&
    availableReplicas(newSet) === wanted
  )
}

function shareOut(deployment: KubeObject, sets: readonly KubeObject[]): SetSizes {
  const wanted = wantedReplicas(deployment)
  const most = wanted > 0 ? wanted + rolloutLimits(deployment).surge : 0
  const change = most - sumOf(sets, wantedReplicas)
  let left = change
  const sizes = bySize(sets, change >= 0).map((set) => {
    const share = shareOf(set, deployment, most)
    const part = change > 0 ? Math.min(share, left) : Math.max(share, left)
    const moved = left === 0 ? 0 : part
    left -= moved
    return { set, size: wantedReplicas(set) + moved }
  })
  // What rounding leaves over falls to the largest.
  return changedSizes(
    sizes.map(({ set, size }, index) => [set, index === 0 ? Math.max(0, size + left) : size]),
  )
}

/** The largest first; of equals the newer when they grow, the older when they shrink. */
function bySize(sets: readonly KubeObject[], newerFirst: boolean): KubeObject[] {
  const aged = newerFirst ? byAge(sets).toReversed() : byAge(sets)
  return aged.toSorted((a, b) => wantedReplicas(b) - wantedReplicas(a))
}

/** How many pods the set gains or, below zero, loses when all sets together become `most`. */
function shareOf(set: KubeObject, deployment: KubeObject, most: number): number {
  const size = wantedReplicas(set)
  if (wantedReplicas(deployment) === 0) return -size
  const before = mostOf(set) || statusCount(deployment, 'replicas')
  return before === 0 ? 0 : Math.round((size * most) / before) - size
}
