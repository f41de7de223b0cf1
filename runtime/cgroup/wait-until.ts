import { monotonicMs } from '../../native/clock.ts'

/**
 * Block until `condition` holds. Cgroup states change within microseconds to milliseconds, and a
 * command has nothing else to do meanwhile; no file of a v1 group can be watched anyway.
 *
 * @param deadlineMs longest wait in milliseconds
 * @returns whether the condition came to hold in time
 */
export function waitUntil(condition: () => boolean, deadlineMs: number): boolean {
  const end = monotonicMs() + deadlineMs
  for (let pauseMs = 0.1; !condition(); pauseMs = Math.min(pauseMs * 2, 10)) {
    if (monotonicMs() > end) return condition()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
  }
  return true
}
