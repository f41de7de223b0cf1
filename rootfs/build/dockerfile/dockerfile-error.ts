import { type ErrorCode, OperationError } from '../../../native/error.ts'
import { type InstructionSource, type SourceFile, type SourcePlace, placeOf } from './source.ts'

/** What is wrong, and what would be right. */
export interface Complaint {
  readonly problem: string
  readonly expected?: string | undefined
  readonly hint?: string | undefined
  /** Where in the logical line it begins and how long it is; absent: the whole instruction. */
  readonly offset?: number | undefined
  readonly length?: number | undefined
  readonly code?: ErrorCode | undefined
  readonly cause?: unknown
}

/** A complaint about a line of a Dockerfile. `excerpt` shows the line with a caret, as compilers do. */
export class DockerfileError extends OperationError {
  readonly place: SourcePlace
  readonly excerpt: string

  constructor(file: SourceFile, place: SourcePlace, complaint: Complaint) {
    const { problem, expected, hint, cause } = complaint
    super(
      complaint.code ?? 'INVALID_ARGUMENT',
      // As compilers put it, so that editors find the place.
      `${file.name}:${place.line}:${place.column}: ${problem}`,
      expected === undefined ? {} : { expected },
      { hint, exitCode: 1, cause },
    )
    this.place = place
    this.excerpt = excerptOf(file, place, { length: complaint.length ?? 1, note: expected })
  }
}

/** A complaint about an instruction, or about a part of it. */
export function complain(source: InstructionSource, complaint: Complaint): DockerfileError {
  const offset = complaint.offset ?? 0
  const place = placeOf(source, offset)
  const keyword = /^\S*/.exec(source.text)?.[0].length ?? 1
  const length = complaint.length ?? (complaint.offset === undefined ? keyword : 1)
  return new DockerfileError(source.file, place, { ...complaint, length })
}

/**
 * The line with its neighbours and a caret below what is meant:
 *
 *     2 | FROM scratch
 *     3 | RUNN echo
 *       | ^^^^ expected RUN
 */
export function excerptOf(
  file: SourceFile,
  place: SourcePlace,
  mark: { readonly length: number; readonly note?: string | undefined },
): string {
  const width = String(place.line + 1).length
  const row = (line: number): string =>
    `${String(line).padStart(width)} | ${visible(file.lines[line - 1] ?? '')}`
  const text = visible(file.lines[place.line - 1] ?? '')
  const room = Math.max(1, text.length - place.column + 1)
  const carets = '^'.repeat(Math.max(1, Math.min(mark.length, room)))
  const note = mark.note === undefined ? '' : ` expected ${mark.note}`
  const below = `${' '.repeat(width)} | ${' '.repeat(place.column - 1)}${carets}${note}`
  const before = place.line > 1 ? [row(place.line - 1)] : []
  return [...before, row(place.line), below].join('\n')
}

/** Control characters would reach the terminal, and tabs would move the caret. */
function visible(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, ' ')
}
