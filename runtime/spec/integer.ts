import * as z from 'zod/mini'
import { once } from './once.ts'

/**
 * A 64-bit integer: a number where JavaScript holds it exactly, a bigint above 2^53.
 * `parseJson` and `stringifyJson` of json.ts keep both forms apart and lose no digit.
 */
export type Int64 = number | bigint

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n

/** Whether the value is a whole number that arrived without rounding. */
function isExact(value: unknown): value is Int64 {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

function within(value: unknown, min: Int64, max: Int64): boolean {
  return isExact(value) && value >= min && value <= max
}

/** Schema of a whole number in a range that a JavaScript number holds. */
export function integer(min: number, max: number): z.ZodMiniType<number> {
  return z.custom<number>(
    (value) => typeof value === 'number' && within(value, min, max),
    `a whole number from ${min} to ${max}`,
  )
}

export const int32 = once(() => integer(-0x8000_0000, 0x7fff_ffff))
export const uint32 = once(() => integer(0, 0xffff_ffff))
export const uint16 = once(() => integer(0, 0xffff))

export const int64 = once(() =>
  z.custom<Int64>((value) => within(value, MIN_INT64, MAX_INT64), 'a signed 64-bit whole number'),
)

export const uint64 = once(() =>
  z.custom<Int64>((value) => within(value, 0, MAX_UINT64), 'an unsigned 64-bit whole number'),
)
