/** Milliseconds by which a timer may be early. */
const earliest = 5

export interface Pulse {
  stop(): void
  /** It does not keep the process. */
  unref(): Pulse
}

/**
 * Do something every so many milliseconds, at the same moments in all processes of a machine: what several nodes of one
 * machine tell their server then costs it one wakeup and one commit, and what a process looks at now and then costs it none
 * of its own. Machines were not started at the same moment, so that theirs are spread.
 *
 * @param monotonic milliseconds that all processes of the machine agree on
 */
export function startPulse(
  periodMs: number,
  beat: () => void,
  monotonic: () => number = sinceBoot,
): Pulse {
  let timer: NodeJS.Timeout
  let keepsProcess = true
  const onTime = (): void => {
    next()
    beat()
  }
  const next = (): void => {
    timer = setTimeout(onTime, untilBeat(periodMs, monotonic()))
    if (!keepsProcess) timer.unref()
  }
  next()
  const pulse: Pulse = {
    stop: () => clearTimeout(timer),
    unref: () => {
      keepsProcess = false
      timer.unref()
      return pulse
    },
  }
  return pulse
}

/** Milliseconds until the next beat. A timer may be early by a little: that beat was the one that it was set for. */
export function untilBeat(periodMs: number, now: number): number {
  const left = periodMs - (now % periodMs)
  return left < Math.min(earliest, periodMs / 10) ? left + periodMs : left
}

/** Milliseconds; clock_gettime(2), CLOCK_MONOTONIC. */
export function sinceBoot(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
