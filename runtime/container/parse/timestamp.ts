import { parseDuration } from './duration.ts'
import { invalidValue } from './invalid-value.ts'

/**
 * Read what --since and --until take: RFC 3339 (date alone, or date and time, with or without
 * zone; without is local time), seconds since the epoch, or a Go duration before `nowMs`.
 * @returns milliseconds since the epoch, perhaps with a fraction
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseTimestamp(text: string, nowMs: number): number {
  if (/^-?\d{1,12}(?:\.\d{1,9})?$/.test(text)) return Number(text) * 1000
  const date =
    /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}(?::\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?)?(?:[Zz]|[-+]\d{2}:?\d{2})?$/.exec(
      text,
    )
  if (date) return fromDate(text)
  try {
    return nowMs - parseDuration(text)
  } catch {
    throw wrong(text)
  }
}

function fromDate(text: string): number {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2})(?::(\d{2}))?(?::(\d{2}))?(\.\d+)?)?([Zz]|[-+].*)?$/.exec(
      text,
    )
  const [, day, hours = '00', minutes = '00', seconds = '00', fraction = '', zone = ''] =
    match ?? []
  const offset = zone.replace(/^([-+]\d{2}):?(\d{2})$/, '$1:$2').toUpperCase()
  const whole = Date.parse(`${day}T${hours}:${minutes}:${seconds}${offset}`)
  // Date.parse rolls 2024-02-30 over into March.
  const isReal = day !== undefined && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
  if (Number.isNaN(whole) || !isReal) throw wrong(text)
  return whole + Number(`0${fraction}`) * 1000
}

function wrong(text: string): Error {
  return invalidValue(
    'time',
    text,
    'Write 2026-01-02T15:04:05Z, seconds since 1970, or 10m for ten minutes ago',
  )
}
