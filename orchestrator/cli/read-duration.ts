import { OperationError } from '../../native/error.ts'

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of `30s`, `5m`, `24h`; 0 of `0`. @throws {OperationError} `INVALID_ARGUMENT` */
export function readDuration(flag: string, text: string): number {
  if (text === '0') return 0
  const [, number, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? []
  if (number !== undefined) return Number(number) * (unitMs[unit] ?? 0)
  throw new OperationError(
    'INVALID_ARGUMENT',
    `read ${flag}`,
    { value: text },
    { hint: 'Write it as 30s, 5m or 1h' },
  )
}
