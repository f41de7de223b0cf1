import { FILL_MAGIC, FILL_SIZE } from './format.ts'

/** The bytes of a program (native/shim/program.h) with places for what differs from one use to the next. */
export interface ProgramTemplate {
  readonly bytes: Uint8Array
  /** In ascending order. */
  readonly places: readonly TemplatePlace[]
}

export interface TemplatePlace {
  /** Offset in the program, bytes. */
  readonly at: number
  /** Bytes; a shorter value is text, and filled up with NULs. */
  readonly size: number
  /** Which of the values stands here. */
  readonly value: number
}

/** A program as what it has in common with others, and what is its own. */
export interface FilledProgram {
  readonly template: ProgramTemplate
  /** Each as long as its places at most. */
  readonly values: readonly Uint8Array[]
}

/**
 * Find where values stand in a program.
 *
 * @param program copied: whoever hands a program over writes into it
 * @param marks what stands for each value; nothing else in the program looks like one of them
 */
export function makeTemplate(program: Uint8Array, marks: readonly Uint8Array[]): ProgramTemplate {
  const bytes = new Uint8Array(program)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const places = marks.flatMap((mark, value) => {
    const found: TemplatePlace[] = []
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length))
      found.push({ at, size: mark.length, value })
    return found
  })
  return { bytes, places: places.toSorted((one, other) => one.at - other.at) }
}

/** The program itself. */
export function fillIn({ template, values }: FilledProgram): Uint8Array {
  const program = template.bytes.slice()
  for (const { at, size, value } of template.places) {
    const bytes = values[value] ?? new Uint8Array()
    program.set(bytes, at)
    program.fill(0, at + bytes.length, at + size)
  }
  return program
}

/** What nobody's text is, for it has control characters; two of different indexes differ. @param index below 128: it is read as text. @param size at least 3 */
export function markOf(index: number, size: number): Uint8Array {
  const mark = new Uint8Array(size).fill(3)
  mark.set([1, 2, index])
  return mark
}

/**
 * `struct fill` of native/shim/program.h: the values alone, for a zygote that has the template's program.
 *
 * @param kept the number under which it does
 */
export function encodeFill({ template, values }: FilledProgram, kept: number): Uint8Array {
  const patches = template.places.map(({ at, size, value }) => {
    const bytes = values[value] ?? new Uint8Array()
    return { at, bytes, size: Math.min(size, bytes.length + 1) }
  })
  const total = patches.reduce((sum, { size }) => sum + patchSize + size, FILL_SIZE)
  const fill = Buffer.alloc(total)
  const words = [FILL_MAGIC, kept, total, patches.length]
  for (const [index, word] of words.entries()) fill.writeUInt32LE(word, index * 4)
  let offset = FILL_SIZE
  for (const { at, size, bytes } of patches) {
    fill.writeUInt32LE(at, offset)
    fill.writeUInt32LE(size, offset + 4)
    fill.set(bytes, offset + patchSize)
    offset += patchSize + size
  }
  return fill
}

/** Of struct patch, without what follows it. */
const patchSize = 8

/** The bytes to hand over, of a program in either form. */
export function programBytes(program: Uint8Array | FilledProgram): Uint8Array {
  return program instanceof Uint8Array ? program : fillIn(program)
}
