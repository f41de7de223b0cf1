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

/** The bytes to hand over, of a program in either form. */
export function programBytes(program: Uint8Array | FilledProgram): Uint8Array {
  return program instanceof Uint8Array ? program : fillIn(program)
}
