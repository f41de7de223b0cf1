import type { IdMapping } from '../../spec/config.ts'

/** Id of the host for one of the container; undefined where the container has no such id. */
export function hostIdOf(mappings: readonly IdMapping[], id: number): number | undefined {
  if (mappings.length === 0) return id
  const row = mappings.find(({ containerID, size }) => id >= containerID && id < containerID + size)
  return row && row.hostID + id - row.containerID
}

/** Id in the container for one of the host; one that is not mapped stays as it is. */
export function containerIdOf(mappings: readonly IdMapping[], id: number): number {
  const row = mappings.find(({ hostID, size }) => id >= hostID && id < hostID + size)
  return row ? row.containerID + id - row.hostID : id
}
