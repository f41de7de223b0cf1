// Silence of a node counts only while the server could have heard it. When the server itself stood still (no processor,
// a stopped machine, a long collection), what the nodes said in that time waits unread in its sockets, and a deadline that
// passes at once on waking would call every node dead. So time is counted in ticks, and a late tick counts as a timely one.

export interface HearingClock {
  /** Milliseconds during which the server listened. */
  readonly now: () => number
  /** Called by the timer of `periodMs`. @returns by how many milliseconds it came late */
  readonly tick: () => number
}

/** @param monotonic milliseconds that no clock change moves, like `performance.now` */
export function makeHearingClock(periodMs: number, monotonic: () => number): HearingClock {
  let heard = 0
  let last = monotonic()
  return {
    now: () => heard,
    tick: () => {
      const elapsed = monotonic() - last
      last += elapsed
      // Twice the period: timers are late by a little all the time, and that is not standing still.
      heard += Math.min(elapsed, 2 * periodMs)
      return Math.max(0, elapsed - periodMs)
    },
  }
}
