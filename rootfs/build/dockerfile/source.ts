/** A Dockerfile as it was read: its lines for messages, its name as the user gave it. */
export interface SourceFile {
  readonly name: string
  readonly lines: readonly string[]
}

/** A place in a source file, both from 1. */
export interface SourcePlace {
  readonly line: number
  readonly column: number
}

/** Piece of a logical line: characters from `start` on stand at this place of the file. */
export interface LineSegment extends SourcePlace {
  readonly start: number
}

/** Where an instruction stands, and its text with continuations joined. */
export interface InstructionSource {
  readonly file: SourceFile
  /** First and last line, from 1, heredocs included. */
  readonly first: number
  readonly last: number
  /** Keyword and arguments in one line. */
  readonly text: string
  readonly segments: readonly LineSegment[]
}

/** The place of a character of the logical line. */
export function placeOf(source: InstructionSource, offset: number): SourcePlace {
  const segment = source.segments.findLast(({ start }) => start <= offset) ?? source.segments[0]
  if (!segment) return { line: source.first, column: 1 }
  return { line: segment.line, column: segment.column + Math.max(0, offset - segment.start) }
}
