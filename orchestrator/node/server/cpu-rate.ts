/** Nanoseconds of CPU time a second, from totals read now and then. */
export interface CpuRates {
  /**
   * @param key what the total is of
   * @param total CPU time since its start, nanoseconds
   * @param at milliseconds, monotonic
   * @param startedAt of the same clock: the base of the first rate
   */
  rate(key: string, total: number, at: number, startedAt: number): number
  /** Forget what is not among these. */
  keep(keys: ReadonlySet<string>): void
}

interface Reading {
  readonly total: number
  readonly at: number
  readonly rate: number
}

/** Over less than this a rate says more about the moment of reading than about the process. */
const leastMs = 1000

export function makeCpuRates(): CpuRates {
  const readings = new Map<string, Reading>()
  return {
    rate(key, total, at, startedAt) {
      const last = readings.get(key)
      if (last && at - last.at < leastMs) return last.rate
      const base =
        last && last.total <= total ? last : { total: 0, at: Math.min(startedAt, at - 1) }
      const rate = ((total - base.total) / (at - base.at)) * 1000
      readings.set(key, { total, at, rate })
      return rate
    },
    keep(keys) {
      for (const key of readings.keys()) if (!keys.has(key)) readings.delete(key)
    },
  }
}
