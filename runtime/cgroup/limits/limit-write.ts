import { OperationError } from '../../../native/error.ts'
import type { Integer } from '../resources.ts'

export type CgroupVersion = 'v1' | 'v2'

/** One value for one file of the group's folder in the hierarchy of `controller`. */
export interface LimitWrite {
  /** File name inside the group's folder, e.g. `memory.max`. */
  readonly file: string
  readonly value: string
  readonly why: string
  readonly source: string
  /** Errno names that do not matter here, with the reason in `why`. */
  readonly tolerate?: readonly string[]
}

/** What a conversion may look at beside its own section. */
export interface LimitContext {
  readonly version: CgroupVersion
  readonly swapAccounting: boolean
  /** Filled with what was left out safely. */
  readonly warnings: string[]
}

export const v2Source = 'https://docs.kernel.org/admin-guide/cgroup-v2.html'
export const v1Source = 'https://docs.kernel.org/admin-guide/cgroup-v1'

const maxInt64 = 9_223_372_036_854_775_807n
export const maxUint64 = 18_446_744_073_709_551_615n

/**
 * Check a number of `linux.resources` and return it as decimal text.
 *
 * Ranges are checked here because the kernel answers every bad value with a bare EINVAL.
 *
 * @param field path below `linux.resources`, e.g. `memory.limit`
 * @throws {OperationError} `INVALID_SPEC` naming the field and its range
 */
export function requireInteger(
  field: string,
  value: Integer,
  min: Integer,
  max: Integer = maxInt64,
): string {
  const isWhole = typeof value === 'bigint' || Number.isSafeInteger(value)
  // A float too large to be exact still means "very much": 2^63 rounded up from a JSON parser.
  const isHuge = typeof value === 'number' && value > Number.MAX_SAFE_INTEGER && max >= maxInt64
  if (isHuge && Number.isFinite(value)) return String(max)
  if (isWhole && value >= min && value <= max) return String(value)
  throw new OperationError(
    'INVALID_SPEC',
    `check linux.resources.${field}`,
    { value, min, max },
    { hint: `Give a whole number from ${min} to ${max}` },
  )
}

/** @throws {OperationError} `UNSUPPORTED` for a setting that exists in one cgroup version only */
export function refuseSetting(field: string, reason: string, hint: string): never {
  throw new OperationError('UNSUPPORTED', `set linux.resources.${field}`, { reason }, { hint })
}

/** Whether a value is given and is not the specification's "unset" zero. */
export function isSet(value: Integer | undefined): value is Integer {
  return value !== undefined && Number(value) !== 0
}
