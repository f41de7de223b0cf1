import type { Architecture } from '../../native/syscall-numbers/number.ts'
import type { OpName } from './format.ts'
import type { Operand, Slot } from './operand.ts'

/** A forward jump's target; it becomes an instruction index when it is placed. */
export interface Label {
  readonly name: string
  /** Index in its section; -1 before it is placed. */
  index: number
}

/** The parts of a program as a reader meets them. */
export type Phase = 'outer' | 'inner' | 'cleanup'

export interface Step {
  readonly op: OpName
  /** Name of the system call, for SYS. */
  readonly call: string
  readonly to: Slot | undefined
  readonly args: readonly Operand[]
  /** Names of tolerated errnos; `any` tolerates all. */
  readonly ignore: readonly string[] | 'any'
  readonly jump: Label | undefined
  readonly jumpIfOk: boolean
  readonly jumpIfIgnored: boolean
  /** Why the step is there, and there: a reason, never a description of the call. */
  readonly why: string
  /** Man page section or specification section, e.g. `pivot_root(2)`. */
  readonly source: string
  readonly phase: Phase
}

/** A compiled program: what the shim runs, what `--explain` prints, what tests compare. */
export interface Program {
  readonly architecture: Architecture
  readonly steps: readonly Step[]
  /** Index of the first cleanup step; equal to `steps.length` where there is none. */
  readonly cleanupStart: number
  readonly data: Uint8Array
  /** Offsets in `data` of 64-bit data offsets that loading turns into addresses. */
  readonly relocations: readonly number[]
}
