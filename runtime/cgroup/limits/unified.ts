import { OperationError } from '../../../native/error.ts'
import type { LimitWrite } from './limit-write.ts'
import { v2Source } from './limit-write.ts'

const keyPattern = /^([a-z]+)\.[A-Za-z0-9_.]+$/
// Files that move or control processes are ours; a container's configuration may not write them.
const reservedKeys = new Set(
  'cgroup.procs cgroup.threads cgroup.kill cgroup.freeze cgroup.subtree_control cgroup.type'.split(
    ' ',
  ),
)

/** A raw v2 setting: its controller (`cgroup` for the core files) and the writes it makes. */
export interface UnifiedSetting {
  readonly controller: string
  readonly writes: readonly LimitWrite[]
}

/**
 * Writes for `linux.resources.unified`. A value of several lines is several writes.
 *
 * @throws {OperationError} `INVALID_SPEC` when a key is not the plain name of a settable file
 */
export function unifiedLimits(unified: Readonly<Record<string, string>>): UnifiedSetting[] {
  return Object.entries(unified).map(([file, value]) => {
    const controller = keyPattern.exec(file)?.[1]
    if (controller === undefined || file.includes('..') || reservedKeys.has(file))
      throw new OperationError(
        'INVALID_SPEC',
        'check linux.resources.unified',
        { key: file },
        { hint: 'A key is the name of a limit file, as in memory.high' },
      )
    const lines = value.split('\n').filter((line) => line.trim() !== '')
    return {
      controller,
      writes: lines.map((line) => ({
        file,
        value: line,
        why: 'set by linux.resources.unified',
        source: v2Source,
      })),
    }
  })
}
