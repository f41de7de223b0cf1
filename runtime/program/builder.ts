import { OperationError } from '../../native/error.ts'
import type { Architecture } from '../../native/syscall-numbers/number.ts'
import { DataSegment } from './data-segment.ts'
import { MAX_IGNORED, SLOT_COUNT } from './format.ts'
import type { OpName } from './format.ts'
import { OPERAND } from './operand.ts'
import type { Data, Operand, Slot } from './operand.ts'
import type { Label, Phase, Program, Step } from './program.ts'

/** What every step must say about itself. */
export interface Reason {
  /** One sentence: what would go wrong without the step, or with it elsewhere. */
  readonly why: string
  /** Man page section like `pivot_root(2)`, or specification section. */
  readonly source: string
}

export interface CallOptions extends Reason {
  /** Slot for the result. */
  readonly to?: Slot
  /** Tolerated errnos by name (at most six), or `any`. */
  readonly ignore?: readonly string[] | 'any'
  /** Where to go on after a tolerated error. */
  readonly ifIgnored?: Label
  /** Where to go on after success. At most one of the two jumps. */
  readonly ifOk?: Label
}

/**
 * Builds one program step by step. Steps without `why` and `source` are refused: the program is
 * the explanation of what is done to the machine.
 */
export class ProgramBuilder {
  readonly architecture: Architecture
  readonly data = new DataSegment()
  readonly #main: Step[] = []
  readonly #cleanup: Step[] = []
  readonly #slots = new Map<string, Slot>()
  #section = this.#main
  #phase: Phase = 'outer'

  constructor(architecture: Architecture) {
    this.architecture = architecture
  }

  /** The slot of that name; the same name gives the same slot. */
  slot(name: string): Slot {
    const known = this.#slots.get(name)
    if (known !== undefined) return known
    const value = this.#slots.size
    if (value >= SLOT_COUNT)
      throw new OperationError(
        'UNSUPPORTED',
        'compile the container',
        { slots: value },
        {
          hint: 'Fewer joined namespaces, control groups or mapped mounts fit into one program',
        },
      )
    const slot: Slot = { kind: OPERAND.slot, value, name }
    this.#slots.set(name, slot)
    return slot
  }

  /** Interned NUL-terminated text. */
  text(value: string): Data {
    if (value.includes('\0'))
      throw new OperationError(
        'INVALID_SPEC',
        'check a string',
        { value: JSON.stringify(value) },
        {
          hint: 'Remove the NUL character: the kernel would cut the string there',
        },
      )
    return this.data.text(value)
  }

  label(name: string): Label {
    return { name, index: -1 }
  }

  /** The next step is what jumps to `label` reach. */
  place(label: Label): void {
    label.index = this.#section.length
  }

  /** Steps from here on belong to the inner half (a matter of reading, not of encoding). */
  startPhase(phase: 'outer' | 'inner'): void {
    this.#phase = phase
  }

  /** Steps added by `add` go to the end of the cleanup section. */
  cleanup(add: () => void): void {
    const [section, phase] = [this.#section, this.#phase]
    this.#section = this.#cleanup
    this.#phase = 'cleanup'
    add()
    this.#section = section
    this.#phase = phase
  }

  /** Make a system call. */
  call(name: string, args: readonly Operand[], options: CallOptions): void {
    this.#add('SYS', name, args, options)
  }

  move(to: Slot, value: Operand, reason: Reason): void {
    this.#add('MOVE', '', [value], { ...reason, to })
  }

  jump(target: Label, reason: Reason): void {
    this.#addJump('JUMP', [], target, reason)
  }

  jumpIfZero(value: Operand, target: Label, reason: Reason): void {
    this.#addJump('JUMP_ZERO', [value], target, reason)
  }

  jumpIfNonZero(value: Operand, target: Label, reason: Reason): void {
    this.#addJump('JUMP_NONZERO', [value], target, reason)
  }

  jumpIfEqual(left: Operand, right: Operand, target: Label, reason: Reason): void {
    this.#addJump('JUMP_EQUAL', [left, right], target, reason)
  }

  /** Write the low `size` bytes of `value` into data at `at` + `offset`. */
  store(value: Operand, at: Data, offset: number, size: 1 | 2 | 4 | 8, reason: Reason): void {
    this.#add('STORE', '', [value, at.value + offset, size], reason)
  }

  load(to: Slot, at: Data, offset: number, size: 1 | 2 | 4 | 8, reason: Reason): void {
    this.#add('LOAD', '', [at.value + offset, size], { ...reason, to })
  }

  /** Render `template` with its one `%d` replaced; gives the place of the result. */
  format(template: string, value: Operand, options: Reason & { readonly to?: Slot }): Data {
    const capacity = Buffer.byteLength(template) + 24
    const at = this.data.scratch(capacity)
    this.#add('FORMAT', '', [at.value, capacity, this.text(template).value, value], options)
    return at
  }

  /** Treat the 32-bit error field at `at` + `offset` as the result of the step. */
  check(at: Data, offset: number, options: CallOptions): void {
    this.#add('CHECK', '', [at.value + offset], options)
  }

  /** `value` must equal `expected`, or the program fails with `errno`. */
  assert(value: Operand, expected: Operand, errno: number, reason: Reason): void {
    this.#add('ASSERT', '', [value, expected, errno], reason)
  }

  /** Any other operation of the interpreter. */
  operation(
    op: 'REPORT' | 'GUARD' | 'RECORD' | 'FAIL' | 'MONITOR' | 'REMOVE_TREE' | 'END' | 'TELL_END',
    args: readonly Operand[],
    reason: Reason,
  ): void {
    this.#add(op, '', args, reason)
  }

  /** @throws {OperationError} `INTERNAL` for a label that was jumped to and never placed, or backwards */
  build(): Program {
    const cleanupStart = this.#main.length
    const steps = [...this.#main, ...this.#cleanup]
    for (const label of new Set(this.#cleanup.map((step) => step.jump)))
      if (label !== undefined && label.index >= 0) label.index += cleanupStart
    for (const [index, step] of steps.entries())
      if (step.jump !== undefined && step.jump.index <= index)
        throw new OperationError('INTERNAL', 'resolve a jump', { label: step.jump.name, index })
    const { architecture } = this
    const data = this.data.finish()
    return {
      architecture,
      steps,
      cleanupStart,
      data,
      relocations: this.data.relocations.toSorted((a, b) => a - b),
    }
  }

  #addJump(op: OpName, args: readonly Operand[], jump: Label, { why, source }: Reason): void {
    this.#push({
      op,
      call: '',
      to: undefined,
      args,
      ignore: [],
      jump,
      jumpIfOk: false,
      jumpIfIgnored: false,
      why,
      source,
      phase: this.#phase,
    })
  }

  #add(op: OpName, call: string, args: readonly Operand[], options: CallOptions): void {
    const { why, source, to, ignore = [], ifIgnored, ifOk } = options
    if (ignore !== 'any' && ignore.length > MAX_IGNORED)
      throw new OperationError('INTERNAL', 'add a step', { call, ignored: ignore.length })
    this.#push({
      op,
      call,
      to,
      args,
      ignore,
      jump: ifOk ?? ifIgnored,
      jumpIfOk: ifOk !== undefined,
      jumpIfIgnored: ifIgnored !== undefined,
      why,
      source,
      phase: this.#phase,
    })
  }

  #push(step: Step): void {
    if (step.why === '' || step.source === '')
      throw new OperationError('INTERNAL', 'add a step without a reason', { call: step.call })
    this.#section.push(step)
  }
}
