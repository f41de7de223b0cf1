import { formatStep, runLength } from './listing.ts'
import type { Phase, Program } from './program.ts'

const titles: Readonly<Record<Phase, string>> = {
  outer: 'Outer half: on the host, becomes the monitor',
  inner: 'Inner half: the container’s first process, becomes its program',
  cleanup: 'Cleanup: by the monitor, when the container has ended or could not be started',
}

/** What `run --explain` prints: the steps of each phase, each followed by its reason. */
export function formatExplanation(program: Program): string {
  const { steps } = program
  const width = String(steps.length).length
  const lines: string[] = [`${steps.length} steps for ${program.architecture}`]
  let phase: Phase | undefined
  for (let index = 0; index < steps.length;) {
    const step = steps[index]!
    if (step.phase !== phase) lines.push('', titles[step.phase])
    phase = step.phase
    const length = runLength(steps, index)
    const times = length > 1 ? `  (${length} times, each for another value)` : ''
    lines.push(`${String(index).padStart(width)}  ${formatStep(program, step)}${times}`)
    lines.push(`${' '.repeat(width)}    ${step.why} [${step.source}]`)
    index += length
  }
  return `${lines.join('\n')}\n`
}

/** One TRACE record. */
export interface TraceRecord {
  readonly pc: number
  /** Result of the step. */
  readonly value: number | bigint
  /** Nanoseconds that it took. */
  readonly nanoseconds: number | bigint
}

export interface TimingOptions {
  /** Steps that took less than this many nanoseconds are summed up in one line. Default 10 000. */
  readonly atLeastNs?: number
}

/** What `run --timings` prints: the slow steps in order, and the sum of each phase. */
export function formatTimings(
  program: Program,
  records: readonly TraceRecord[],
  { atLeastNs = 10_000 }: TimingOptions = {},
): string {
  const sums = new Map<Phase, { steps: number; ns: number }>()
  const lines: string[] = []
  let [hiddenSteps, hiddenNs] = [0, 0]
  for (const { pc, value, nanoseconds } of records) {
    const step = program.steps[pc]
    if (step === undefined) continue
    const ns = Number(nanoseconds)
    const sum = sums.get(step.phase) ?? { steps: 0, ns: 0 }
    sums.set(step.phase, { steps: sum.steps + 1, ns: sum.ns + ns })
    if (ns >= atLeastNs)
      lines.push(
        `${formatMicroseconds(ns)}  ${String(pc).padStart(4)}  ${formatStep(program, step)} = ${value}`,
      )
    else {
      hiddenSteps++
      hiddenNs += ns
    }
  }
  lines.push(`${formatMicroseconds(hiddenNs)}        ${hiddenSteps} faster steps together`)
  for (const [phase, { steps, ns }] of sums)
    lines.push(`${formatMicroseconds(ns)}        ${phase}: ${steps} steps`)
  return `${lines.join('\n')}\n`
}

function formatMicroseconds(ns: number): string {
  return `${(ns / 1000).toFixed(1).padStart(9)} µs`
}
