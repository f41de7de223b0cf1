import { formatTimings } from '../program/explain.ts'
import type { Program } from '../program/program.ts'
import type { ShimRecord } from './zygote-record.ts'

/** Moments of a run, ms since Node was started (`performance.now`). */
export interface RunTimes {
  /** The command line was read. */
  readonly entered: number
  created?: number
  /** The program is compiled. */
  prepared?: number
  /** The program goes to the shim. */
  handedOver?: number
  /** The container's own program runs. */
  started?: number
}

/** Steps that took less are shown as one sum. */
const shownFromNs = 30_000

/** What `run --timings` prints: from the start of Node to the program, then the slowest steps. */
export function formatRunTimes(
  times: RunTimes,
  program: Program,
  trace: readonly ShimRecord[],
): string {
  const boot = performance.nodeTiming.bootstrapComplete
  const { entered, created = entered, prepared = created, handedOver = prepared } = times
  const started = times.started ?? handedOver
  const first = trace[0]
  const begun = first ? sinceStart(first.time - first.aux) : handedOver
  const rows: readonly (readonly [string, number])[] = [
    ['boot of Node', boot],
    ['load the command, read the command line and facts about the host', entered - boot],
    ['create: image, name, folders', created - entered],
    ['prepare: leases, networks, configuration, compile the program', prepared - created],
    ['hand the program over, fork the monitor', begun - handedOver],
    ['steps until the program is executed', started - begun],
    ['from the start of Node to the program', started - (handedOver - prepared)],
  ]
  const lines = rows.map(([what, ms]) => `${(ms * 1000).toFixed(1).padStart(9)} µs  ${what}`)
  const bySlowest = trace.toSorted((a, b) => Number(b.aux - a.aux))
  const records = bySlowest.map(({ pc, value, aux }) => ({ pc, value, nanoseconds: aux }))
  const steps = formatTimings(program, records, { atLeastNs: shownFromNs })
  return `\nTimes\n${lines.join('\n')}\n\nSteps, the slowest first\n${steps}`
}

/** CLOCK_MONOTONIC in ns as ms since Node was started. */
function sinceStart(nanoseconds: bigint): number {
  return performance.now() - Number(process.hrtime.bigint() - nanoseconds) / 1e6
}
