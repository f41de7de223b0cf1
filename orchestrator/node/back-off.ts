/** How long something that keeps failing has to wait, as the kubelet counts it: nothing, then 10 s, 20 s, … */
export interface BackOff {
  /** It has failed just now. @returns milliseconds, as `now` counts them, before which it must not be tried again */
  failed(key: string, now: number): number
  /** The present wait in milliseconds; zero before the second failure. */
  delay(key: string): number
  /** It went well for long enough. */
  reset(key: string): void
  forget(prefix: string): void
}

export interface BackOffOptions {
  /** Milliseconds of the first wait. Absent: 10 000. */
  readonly first?: number | undefined
  /** Absent: 300 000. */
  readonly longest?: number | undefined
  /** Whether the first failure is waited for already. */
  readonly atOnce?: boolean | undefined
}

export function makeBackOff({
  first = 10_000,
  longest = 300_000,
  atOnce = false,
}: BackOffOptions): BackOff {
  const delays = new Map<string, number>()
  return {
    failed: (key, now) => {
      const before = delays.get(key)
      const next =
        before === undefined
          ? atOnce
            ? first
            : 0
          : Math.min(longest, before === 0 ? first : before * 2)
      delays.set(key, next)
      return now + next
    },
    delay: (key) => delays.get(key) ?? 0,
    reset: (key) => void delays.delete(key),
    forget: (prefix) => {
      for (const key of delays.keys()) if (key.startsWith(prefix)) delays.delete(key)
    },
  }
}
