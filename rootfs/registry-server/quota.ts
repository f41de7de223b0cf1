import type { Registry } from './registry.ts'
import { refusal } from './registry-error.ts'
import { repositorySize, totalSize } from './repository-table.ts'

/**
 * Bytes that may still come into a repository, what lies in unfinished uploads counted as if it were
 * there; may be negative.
 */
export function roomFor(registry: Registry, repository: string): number {
  const { settings, uploads, database } = registry
  const { repositoryQuota, totalQuota } = settings
  const rooms = [Number.POSITIVE_INFINITY]
  if (repositoryQuota !== undefined) {
    const used = repositorySize(database, repository) + uploads.pendingBytes(repository)
    rooms.push(repositoryQuota - used)
  }
  if (totalQuota !== undefined)
    rooms.push(totalQuota - totalSize(database) - uploads.pendingBytes())
  return Math.min(...rooms)
}

/**
 * To be called within the transaction that entered the content: it fails where that was too much.
 *
 * @throws {RegistryError} `DENIED`
 */
export function requireWithinQuota({ settings, database }: Registry, repository: string): void {
  const { repositoryQuota, totalQuota } = settings
  const isOver =
    (repositoryQuota !== undefined && repositorySize(database, repository) > repositoryQuota) ||
    (totalQuota !== undefined && totalSize(database) > totalQuota)
  if (isOver) throw overQuota(repository)
}

export function overQuota(repository: string): Error {
  return refusal(403, 'DENIED', 'the quota of the registry leaves no room for this', {
    detail: { repository },
  })
}
