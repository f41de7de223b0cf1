import { argumentFormats } from './flags/formats.ts'
import { formatOperand } from './format-operand.ts'
import { formatStep } from './listing.ts'
import type { Phase, Program, Step } from './program.ts'

/** A step for programs that read explanations; docs/explain.md describes the fields. */
export interface StepDocument {
  readonly index: number
  readonly phase: Phase
  /** `SYS`, or another operation of the interpreter. */
  readonly operation: string
  /** Name of the system call, for `SYS`. */
  readonly call?: string
  /** As strace would write them. */
  readonly arguments: readonly string[]
  /** Slot that keeps the result. */
  readonly result?: string
  /** Tolerated errnos; `any` tolerates all. */
  readonly tolerates: readonly string[] | 'any'
  readonly jump?: { readonly to: number; readonly when: 'always' | 'ok' | 'tolerated' }
  /** The line of the listing. */
  readonly text: string
  readonly why: string
  readonly source: string
}

/** The steps of a program as plain data. */
export function stepDocuments(program: Program): StepDocument[] {
  return program.steps.map((step, index) => ({
    index,
    phase: step.phase,
    operation: step.op,
    ...(step.op === 'SYS' ? { call: step.call } : {}),
    arguments: formatArguments(program, step),
    ...(step.to === undefined ? {} : { result: step.to.name }),
    tolerates: step.ignore,
    ...(step.jump === undefined ? {} : { jump: { to: step.jump.index, when: jumpMoment(step) } }),
    text: formatStep(program, step),
    why: step.why,
    source: step.source,
  }))
}

function formatArguments(program: Program, { call, args }: Step): string[] {
  const formats = call === '' ? [] : argumentFormats(call)
  return args.map((operand, index) => formatOperand(program, operand, formats[index] ?? 'number'))
}

function jumpMoment({ jumpIfOk, jumpIfIgnored }: Step): 'always' | 'ok' | 'tolerated' {
  if (jumpIfOk) return 'ok'
  return jumpIfIgnored ? 'tolerated' : 'always'
}
