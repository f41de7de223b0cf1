import { OperationError } from '../../../native/error.ts'
import { readThresholds, signals } from './thresholds.ts'
import type { MetThreshold, Signal, Threshold } from './thresholds.ts'

// Soft thresholds may be met for a while before anybody is ended for it.

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/**
 * @param soft `SIGNAL<QUANTITY,…`
 * @param periods `SIGNAL=TIME,…`: how long each of them may be met
 * @throws {OperationError} `INVALID_ARGUMENT`, also for a threshold without a period or a period without a threshold
 */
export function readSoftThresholds(soft: string, periods: string): Threshold[] {
  const graces = readPeriods(periods)
  const thresholds = readThresholds(soft).map((threshold) => {
    const graceMs = graces.get(threshold.signal)
    if (graceMs === undefined)
      throw refused('soft eviction threshold', threshold.signal, 'It needs a grace period')
    return { ...threshold, graceMs }
  })
  for (const signal of graces.keys())
    if (!thresholds.some((threshold) => threshold.signal === signal))
      throw refused('grace period', signal, 'There is no soft eviction threshold of this signal')
  return thresholds
}

function readPeriods(text: string): Map<Signal, number> {
  const periods = new Map<Signal, number>()
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [name = '', time = ''] = part.split('=').map((word) => word.trim())
    const signal = signals.find((one) => one === name)
    const graceMs = readTime(time)
    if (!signal || graceMs === undefined)
      throw refused(
        'grace period',
        part,
        `Write SIGNAL=TIME, as in memory.available=1m30s; signals are ${signals.join(', ')}`,
      )
    periods.set(signal, graceMs)
  }
  return periods
}

/** `1m30s` in milliseconds. */
function readTime(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  return [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (unitMs[unit] ?? 0),
    0,
  )
}

function refused(what: string, value: string, hint: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', `read a ${what} of evictions`, { value }, { hint })
}

/** Remembers since when thresholds are met without a break. */
export interface ThresholdTimes {
  /** @param now milliseconds of any clock that is not set. @returns those that are met for longer than they may be */
  ripe(met: readonly MetThreshold[], now: number): MetThreshold[]
}

export function makeThresholdTimes(): ThresholdTimes {
  let since = new Map<Threshold, number>()
  return {
    ripe: (met, now) => {
      since = new Map(met.map(({ threshold }) => [threshold, since.get(threshold) ?? now]))
      return met.filter(({ threshold }) => {
        const { graceMs = 0 } = threshold
        return now - (since.get(threshold) ?? now) >= graceMs
      })
    },
  }
}

/**
 * Seconds that the containers of a pod have to end: none where a threshold is hard; else as many as the pod asks for, up to
 * what the node allows.
 *
 * @param most below zero: as the pod asks
 */
export function evictionGrace({ graceMs }: Threshold, asked: number, most: number): number {
  if (graceMs === undefined) return 0
  return most < 0 ? asked : Math.min(asked, most)
}
