import { posix } from 'node:path'
import { OperationError } from '../../../native/error.ts'

// The rules of docker's cp, which are neither those of cp(1) nor of rsync(1).

export interface CopySource {
  /** As the user wrote it: a slash or "/." at its end has a meaning. */
  readonly path: string
  /** Whether what it leads to is a folder; a symbolic link that is not followed is none. */
  readonly isFolder: boolean
}

export interface CopyTarget {
  readonly path: string
  readonly kind: 'folder' | 'file' | 'missing'
}

export interface CopyPlan {
  /** Whether it goes below the destination itself, or beside its siblings under `name`. */
  readonly into: 'target' | 'parent'
  /** Name of the copy; empty: what is in the source goes directly into the folder. Absent: the target's own. */
  readonly name?: string
}

/**
 * Where a copy goes, and under which name.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`, `NOT_FOUND`
 * @see https://docs.docker.com/reference/cli/docker/container/cp/
 */
export function planCopy(source: CopySource, target: CopyTarget): CopyPlan {
  if (target.kind === 'folder') return { into: 'target', name: sourceName(source.path) }
  if (target.kind === 'file' && source.isFolder)
    throw refusal('INVALID_ARGUMENT', `copy the folder ${source.path} to a file`, target.path)
  if (target.kind === 'missing' && !source.isFolder && /(?:^|\/)\.?$/.test(target.path))
    throw refusal('NOT_FOUND', 'copy into a folder that does not exist', target.path)
  return { into: 'parent' }
}

/** Name of a source in the copy; empty where only what is in it counts: "folder/.", "/". */
export function sourceName(path: string): string {
  if (path === '.' || path.endsWith('/.')) return ''
  return posix.basename(posix.normalize(path))
}

function refusal(
  code: 'INVALID_ARGUMENT' | 'NOT_FOUND',
  step: string,
  path: string,
): OperationError {
  return new OperationError(code, step, { destination: path }, { exitCode: 1 })
}
