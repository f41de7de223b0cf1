import { readGroupFile } from './cgroup-files.ts'
import type { CgroupLocation } from './cgroup-plan.ts'

/** Share of time in which tasks waited, in per cent, over the last 10, 60 and 300 seconds. */
export interface PressureLine {
  readonly avg10: number
  readonly avg60: number
  readonly avg300: number
  /** Microseconds since the group was made. */
  readonly totalUs: number
}

/** `some`: at least one task waited; `full`: all did. */
export interface Pressure {
  readonly some: PressureLine
  readonly full: PressureLine | undefined
}

export interface PressureReport {
  readonly cpu?: Pressure | undefined
  readonly memory?: Pressure | undefined
  readonly io?: Pressure | undefined
}

/**
 * Pressure stall information of the group: also on hybrid hosts, because the v2 tree counts it
 * without any controller. An absent member means that the kernel does not tell.
 *
 * @see https://docs.kernel.org/accounting/psi.html
 */
export function readPressure({ v2 }: CgroupLocation): PressureReport {
  return {
    cpu: parsePressure(readGroupFile(v2, 'cpu.pressure')),
    memory: parsePressure(readGroupFile(v2, 'memory.pressure')),
    io: parsePressure(readGroupFile(v2, 'io.pressure')),
  }
}

/** Text of a `*.pressure` file; undefined when there is none. */
export function parsePressure(text: string | undefined): Pressure | undefined {
  const lines = new Map<string, PressureLine>()
  for (const line of (text ?? '').split('\n')) {
    const found = /^(some|full) avg10=(\S+) avg60=(\S+) avg300=(\S+) total=(\d+)/.exec(line)
    if (!found) continue
    const [, kind = '', avg10, avg60, avg300, total] = found
    lines.set(kind, {
      avg10: Number(avg10),
      avg60: Number(avg60),
      avg300: Number(avg300),
      totalUs: Number(total),
    })
  }
  const some = lines.get('some')
  return some && { some, full: lines.get('full') }
}
