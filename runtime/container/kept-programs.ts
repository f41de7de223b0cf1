import { FILL_MAX_SIZE, KEEP_OFFSET, KEPT_LIMIT } from '../program/format.ts'
import {
  type FilledProgram,
  type ProgramTemplate,
  encodeFill,
  fillIn,
} from '../program/program-template.ts'

/** What one zygote keeps (native/shim/kept-programs.c): the first program of a template goes whole, of others their values. */
export class KeptPrograms {
  /** Number of each, the one used longest ago first. */
  readonly #numbers = new Map<ProgramTemplate, number>()

  /** @returns bytes to hand over, in this order */
  encode(program: FilledProgram): Uint8Array {
    const { template } = program
    const known = this.#numbers.get(template)
    const number = known ?? this.#freeNumber()
    this.#numbers.delete(template)
    this.#numbers.set(template, number)
    const fill = known === undefined ? undefined : encodeFill(program, known)
    if (fill && fill.length <= FILL_MAX_SIZE) return fill
    const bytes = fillIn(program)
    bytes[KEEP_OFFSET] = number
    return bytes
  }

  #freeNumber(): number {
    if (this.#numbers.size < KEPT_LIMIT) return this.#numbers.size + 1
    for (const [oldest, number] of this.#numbers) {
      this.#numbers.delete(oldest)
      return number
    }
    return 1
  }
}
