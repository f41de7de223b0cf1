import { invalidValue } from './invalid-value.ts'

const millisecondsOf: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5
  μs: 1e-3, // U+03BC
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/**
 * Read a duration in Go's syntax: `1m30s`, `1.5h`, `300ms`, `0`; a leading `-` is allowed.
 * @returns milliseconds, perhaps with a fraction
 * @throws {OperationError} INVALID_ARGUMENT
 * @see https://pkg.go.dev/time#ParseDuration
 */
export function parseDuration(text: string): number {
  const wrong = () =>
    invalidValue('duration', text, 'Write numbers with units h, m, s or ms, such as 1m30s')
  const match = /^([-+]?)(.+)$/.exec(text)
  if (!match || text.length > 100) throw wrong()
  const [, sign, body = ''] = match
  if (body === '0') return 0
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) throw wrong()
  let total = 0
  for (const [, number, unit] of body.matchAll(/([\d.]+)([a-zµμ]+)/g))
    total += Number(number) * (millisecondsOf[unit ?? ''] ?? NaN)
  if (!Number.isSafeInteger(Math.trunc(total))) throw wrong()
  return sign === '-' ? -total : total
}

/** As {@link parseDuration}, but neither negative nor, unless zero, under one millisecond. */
export function parseInterval(text: string): number {
  const value = parseDuration(text)
  if (value === 0 || value >= 1) return value
  throw invalidValue('duration', text, 'It must be 0 or at least 1ms')
}
