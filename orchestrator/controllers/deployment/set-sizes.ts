import type { KubeObject } from '../../api/object.ts'
import { wantedReplicas } from './deployment-facts.ts'

/** How many pods sets are to have, by name; those not named stay as they are. */
export type SetSizes = ReadonlyMap<string, number>

/** Only the sizes that are a change. */
export function changedSizes(
  sizes: readonly (readonly [set: KubeObject, size: number])[],
): SetSizes {
  return new Map(
    sizes
      .filter(([set, size]) => size !== wantedReplicas(set))
      .map(([set, size]) => [set.metadata.name ?? '', size]),
  )
}

export function sizeIn(sizes: SetSizes, set: KubeObject): number {
  return sizes.get(set.metadata.name ?? '') ?? wantedReplicas(set)
}
