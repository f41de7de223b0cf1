import { readFileSync, writeFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { CgroupLocation } from './cgroup-plan.ts'

/** Errno name of a failed file operation, e.g. `ENOENT`; empty when it has none. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''
}

/** Text of a cgroup file, or undefined where it (or the group) does not exist or cannot be read. */
export function readGroupFile(folder: string | undefined, file: string): string | undefined {
  if (folder === undefined) return undefined
  try {
    return readFileSync(`${folder}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}

/** Number in a cgroup file; undefined for `max`, for an absent file, and for text. */
export function readGroupNumber(folder: string | undefined, file: string): number | undefined {
  const text = readGroupFile(folder, file)?.trim() ?? ''
  return /^-?\d+$/.test(text) ? Number(text) : undefined
}

/** Lines `key value` of a flat-keyed file such as `memory.stat`. */
export function readKeyedNumbers(folder: string | undefined, file: string): Map<string, number> {
  const values = new Map<string, number>()
  for (const line of (readGroupFile(folder, file) ?? '').split('\n')) {
    const [key = '', value = ''] = line.split(' ')
    if (value !== '') values.set(key, Number(value))
  }
  return values
}

/**
 * @param tolerate errno names that do not matter
 * @returns whether it was written
 * @throws {OperationError} `SYSCALL_FAILED` naming file, value and errno
 */
export function writeGroupFile(
  path: string,
  value: string,
  why: string,
  tolerate: readonly string[] = [],
): boolean {
  try {
    // No O_CREAT or O_TRUNC semantics matter here: kernfs files exist or they do not.
    writeFileSync(path, value, { flag: 'r+' })
    return true
  } catch (cause) {
    const errno = errnoOf(cause)
    if (tolerate.includes(errno)) return false
    throw new OperationError(
      'SYSCALL_FAILED',
      'write a cgroup file',
      { path, value, errno, why },
      { cause, hint: hints[errno] },
    )
  }
}

const hints: Readonly<Record<string, string>> = {
  EBUSY: 'The group uses more than the new limit, or holds processes where it may not',
  EINVAL: 'The kernel refuses this value: a parent group or a related limit does not allow it',
  ENOENT: 'The group is gone, or the kernel lacks this controller: see "mycontainer doctor"',
  EACCES: 'This user may not change the group: run as root, or have the subtree delegated',
  EROFS: 'The cgroup file system is mounted read-only here',
}

/** Every folder of a location, v2 first, each once. */
export function foldersOf(location: CgroupLocation): string[] {
  const all = [location.v2, ...Object.values(location.v1)]
  return [...new Set(all.filter((folder) => folder !== undefined))]
}
