import type { HearingClock } from './hearing-clock.ts'

export interface RoundOptions {
  /** Milliseconds between two rounds while something is going on. */
  readonly period: number
  readonly clock: HearingClock
  /** Look at everything. @returns for how many milliseconds of the clock nothing can be due if nobody hurries */
  readonly round: () => Promise<number>
  readonly onProblem: (error: unknown) => void
}

export interface Rounds {
  /** Something has changed: the next round comes within a period. */
  hurry(): void
  stop(): Promise<void>
}

/**
 * Look again and again: every period while something is going on, and otherwise when something may be due. The last two
 * periods before that are waited for one by one, so that a server that stood still meanwhile judges nobody by it.
 */
export function startRounds({ period, clock, round, onProblem }: RoundOptions): Rounds {
  let isStopped = false
  let isHurried = false
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let dueAt = 0
  const sleep = (milliseconds: number): void => {
    clearTimeout(timer)
    if (isStopped) return
    clock.tick()
    clock.expect(milliseconds)
    dueAt = performance.now() + milliseconds
    timer = setTimeout(() => {
      clock.tick()
      // What a round takes counts like a wait.
      clock.expect(period)
      isHurried = false
      running = look()
    }, milliseconds)
    timer.unref()
  }
  const look = async (): Promise<void> => {
    let rest = 0
    try {
      // A turn later, so that what waited in the sockets while we stood still is read before anybody is judged.
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (!isStopped) rest = await round()
    } catch (error) {
      onProblem(error)
    }
    running = undefined
    sleep(isHurried ? period : Math.max(period, rest - 2 * period))
  }
  sleep(period)
  return {
    hurry: () => {
      isHurried = true
      if (running !== undefined || dueAt - performance.now() <= period) return
      sleep(period)
    },
    stop: async () => {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
