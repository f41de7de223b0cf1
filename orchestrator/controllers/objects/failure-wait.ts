export interface FailureWait {
  /** @returns milliseconds until the key may be tried again; 0 when it may now, and is taken to be */
  waitMs(key: string, now: Date): number
}

const firstMs = 1_000
const mostMs = 900_000

/** For what fails again and again: 1 s, then twice as long each time, up to 15 min; forgotten after twice that. */
export function makeFailureWait(): FailureWait {
  const known = new Map<string, { last: number; wait: number }>()
  return {
    waitMs: (key, now) => {
      const entry = known.get(key)
      const time = now.getTime()
      const since = entry ? time - entry.last : Infinity
      if (entry && since < entry.wait) return entry.wait - since
      const wait = entry && since < 2 * mostMs ? Math.min(mostMs, entry.wait * 2) : firstMs
      known.set(key, { last: time, wait })
      return 0
    },
  }
}
