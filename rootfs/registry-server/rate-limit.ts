const maxKeys = 100_000

export interface RateLimit {
  /** Take one; @returns 0, or the seconds until there is one */
  take(key: string): number
}

/**
 * So many a minute for each key, and as many at once.
 *
 * @param now milliseconds on a clock that does not jump
 */
export function createRateLimit(perMinute: number, now: () => number): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>()
  return {
    take(key) {
      const at = now()
      // A flood of addresses must not fill the memory; who is forgotten has a full bucket again.
      if (buckets.size >= maxKeys) buckets.clear()
      const before = buckets.get(key) ?? { left: perMinute, at }
      const left = Math.min(perMinute, before.left + ((at - before.at) * perMinute) / 60_000)
      buckets.set(key, { left: left >= 1 ? left - 1 : left, at })
      return left >= 1 ? 0 : Math.ceil(((1 - left) * 60) / perMinute)
    },
  }
}
