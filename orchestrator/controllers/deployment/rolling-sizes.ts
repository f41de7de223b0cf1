import type { KubeObject } from '../../api/object.ts'
import {
  availableReplicas,
  byAge,
  isRolling,
  rolloutLimits,
  sumOf,
  wantedReplicas,
} from './deployment-facts.ts'
import { changedSizes, sizeIn } from './set-sizes.ts'
import type { SetSizes } from './set-sizes.ts'

// The steps of a rolling update: how many pods each set may have, given what is available.

/** @returns what the new set may grow to now @param newSet absent: there is none yet */
export function newSetSize(
  deployment: KubeObject,
  sets: readonly KubeObject[],
  newSet: KubeObject | undefined,
): number {
  const wanted = wantedReplicas(deployment)
  if (!isRolling(deployment)) return wanted
  const current = newSet ? wantedReplicas(newSet) : 0
  const room = wanted + rolloutLimits(deployment).surge - sumOf(sets, wantedReplicas)
  return room <= 0 ? current : current + Math.min(room, wanted - current)
}

export function growNewSet(
  deployment: KubeObject,
  sets: readonly KubeObject[],
  newSet: KubeObject,
): SetSizes {
  const wanted = wantedReplicas(deployment)
  const current = wantedReplicas(newSet)
  if (current === wanted) return new Map()
  const size = current > wanted ? wanted : newSetSize(deployment, sets, newSet)
  return changedSizes([[newSet, size]])
}

/** Take pods from the old sets: first those that are of no use, then as many as the available ones of all sets allow. */
export function shrinkOldSets(
  deployment: KubeObject,
  oldSets: readonly KubeObject[],
  newSet: KubeObject,
): SetSizes {
  const sets = [...oldSets, newSet]
  const least = wantedReplicas(deployment) - rolloutLimits(deployment).unavailable
  const newMissing = wantedReplicas(newSet) - availableReplicas(newSet)
  const spare = sumOf(sets, wantedReplicas) - least - newMissing
  if (sumOf(oldSets, wantedReplicas) === 0 || spare <= 0) return new Map()
  const useless = (set: KubeObject): number => wantedReplicas(set) - availableReplicas(set)
  const cleaned = take(oldSets, new Map(), spare, useless)
  const available = sumOf(sets, availableReplicas)
  if (available <= least) return cleaned
  return take(oldSets, cleaned, available - least, (set) => sizeIn(cleaned, set))
}

/** From the oldest set on, until the total is reached. @param most how many of one set may go */
function take(
  sets: readonly KubeObject[],
  sizes: SetSizes,
  total: number,
  most: (set: KubeObject) => number,
): SetSizes {
  let left = total
  const taken = byAge(sets).map((set) => {
    const before = sizeIn(sizes, set)
    const count = Math.max(0, Math.min(left, before, most(set)))
    left -= count
    return [set, before - count] as const
  })
  return changedSizes(taken)
}
