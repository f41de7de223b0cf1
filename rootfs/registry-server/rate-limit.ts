const maxKeys = 100_000

export interface RateLimit {
  /** Take one. @returns 0, or the seconds until there is one */
  take(key: string): number
  /** As `take`, without taking it. */
  wait(key: string): number
}

/**
 * So many a minute for each key, and as many at once.
 *
 * @param now milliseconds on a clock that does not jump
 */
export function createRateLimit(perMinute: number, now: () => number): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>()
  const left = (key: string): number => {
    const before = buckets.get(key)
    if (!before) return perMinute
    return Math.min(perMinute, before.left + ((now() - before.at) * perMinute) / 60_000)
  }
  const seconds = (tokens: number): number =>
    tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 60) / perMinute)
  return {
    take(key) {
      const tokens = left(key)
      // A flood of addresses must not fill the memory; who is forgotten has a full bucket again.
      if (buckets.size >= maxKeys) buckets.clear()
      buckets.set(key, { left: tokens >= 1 ? tokens - 1 : tokens, at: now() })
      return seconds(tokens)
    },
    wait: (key) => seconds(left(key)),
  }
}
