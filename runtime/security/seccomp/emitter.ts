import { BPF_JMP_JA, BPF_RET_K, encodeInstructions } from './bpf.ts'
import type { Instruction } from './bpf.ts'

/**
 * Place of an instruction, counted from the end of the program. Code is written backwards, last
 * instruction first, because BPF only jumps forward: every target exists before its jump.
 */
export type Label = number

const MAX_JUMP = 255 // jt and jf are bytes

/** Writes a filter backwards. */
export class Emitter {
  readonly #reversed: Instruction[] = []
  readonly #returns = new Map<number, Label>()

  get length(): number {
    return this.#reversed.length
  }

  /** A place that returns `value`; an existing one when a short jump reaches it from here. */
  return(value: number): Label {
    const existing = this.#returns.get(value)
    if (existing !== undefined && this.length - existing <= MAX_JUMP) return existing
    const label = this.#push({ code: BPF_RET_K, jt: 0, jf: 0, k: value })
    this.#returns.set(value, label)
    return label
  }

  /** An instruction that goes on to `next`, which must be the one written last. */
  step(code: number, k: number, next: Label): Label {
    this.#fallThrough(next)
    return this.#push({ code, jt: 0, jf: 0, k: k >>> 0 })
  }

  /** A comparison of the accumulator with `k`. */
  compare(code: number, k: number, whenTrue: Label, whenFalse: Label): Label {
    if (whenTrue === whenFalse) return whenTrue
    let [yes, no] = [whenTrue, whenFalse]
    // Bringing one target near adds an instruction, which may push the other out of reach.
    for (let before = -1; before !== this.length;) {
      before = this.length
      yes = this.#bringNear(yes)
      no = this.#bringNear(no)
    }
    const here = this.length
    return this.#push({ code, jt: here - yes - 1, jf: here - no - 1, k: k >>> 0 })
  }

  encode(): Uint8Array {
    return encodeInstructions(this.#reversed.toReversed())
  }

  #bringNear(target: Label): Label {
    if (this.length - target - 1 <= MAX_JUMP) return target
    const instruction = this.#reversed[target]!
    if (instruction.code === BPF_RET_K) return this.return(instruction.k)
    return this.#jump(target)
  }

  #fallThrough(next: Label): void {
    if (next !== this.length - 1) this.#jump(next)
  }

  #jump(target: Label): Label {
    return this.#push({ code: BPF_JMP_JA, jt: 0, jf: 0, k: this.length - target - 1 })
  }

  #push(instruction: Instruction): Label {
    return this.#reversed.push(instruction) - 1
  }
}
