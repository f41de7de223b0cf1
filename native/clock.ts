/**
 * Milliseconds of CLOCK_MONOTONIC, clock_gettime(2). Not `performance.now`: the first touch of that
 * object loads modules that a short command needs for nothing else.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
