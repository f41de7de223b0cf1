import { setTimeout as wait } from 'node:timers/promises'
import { StatusError } from '../api/status-error.ts'

const firstWait = 20
const longestWait = 1000

/** Try again as long as nobody answers: who starts first is left to chance. Other failures are passed on. */
export async function untilReachable<Value>(
  work: () => Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  for (let delay = firstWait; ; delay = Math.min(longestWait, delay * 2))
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StatusError) || error.status.code !== 503) throw error
      await wait(delay, undefined, { signal })
    }
}
