// Silence of a node counts only while the server could have heard it. When the server itself stood still (no processor,
// a stopped machine, a long collection), what the nodes said in that time waits unread in its sockets, and a deadline that
// passes at once on waking would call every node dead. So time is counted in ticks, and a late tick counts as a timely one.

export interface HearingClock {
  /** Milliseconds during which the server listened. */
  readonly now: () => number
  /** The next tick comes in so many milliseconds. */
  readonly expect: (milliseconds: number) => void
  /** @returns by how many milliseconds it came late */
  readonly tick: () => number
}

/**
 * @param periodMs until the first tick, and by how much a tick may be late before that is standing still: timers are late
 *   by a little all the time
 * @param monotonic milliseconds that no clock change moves, like `performance.now`
 */
export function makeHearingClock(periodMs: number, monotonic: () => number): HearingClock {
  let heard = 0
  let last = monotonic()
  let due = periodMs
  const now = (): number => heard + Math.min(monotonic() - last, due + periodMs)
  const tick = (): number => {
    heard = now()
    const elapsed = monotonic() - last
    last += elapsed
    return Math.max(0, elapsed - due)
  }
  return {
    now,
    tick,
    expect: (milliseconds) => {
      due = milliseconds
    },
  }
}
