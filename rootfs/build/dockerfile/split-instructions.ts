import { DockerfileError } from './dockerfile-error.ts'
import { type Heredoc, type HeredocStart, heredocsOfLine } from './heredoc.ts'
import type { InstructionSource, LineSegment, SourceFile } from './source.ts'

/** An instruction as a line of text, not yet understood. */
export interface RawInstruction {
  /** In capitals. */
  readonly keyword: string
  /** Everything after the keyword, blanks around it cut off. */
  readonly rest: string
  /** Where `rest` begins in `source.text`. */
  readonly restOffset: number
  readonly heredocs: readonly Heredoc[]
  readonly source: InstructionSource
}

const isComment = (line: string): boolean => /^\s*#/.test(line)
const isBlank = (line: string): boolean => /^\s*$/.test(line)

/**
 * Cut a Dockerfile into instructions: comments dropped, continued lines joined (comments and blank
 * lines between them too), heredocs taken along.
 *
 * @throws {DockerfileError} for a heredoc without its end
 * @see https://docs.docker.com/reference/dockerfile/#format
 */
export function splitInstructions(file: SourceFile, escape: string): RawInstruction[] {
  const instructions: RawInstruction[] = []
  for (let at = 0; at < file.lines.length;) {
    const line = file.lines[at] ?? ''
    if (isBlank(line) || isComment(line)) {
      at++
      continue
    }
    const joined = joinContinued(file, at, escape)
    const { heredocs, next } = takeHeredocs(file, joined, escape)
    at = next
    if (joined.text.trim() !== '') instructions.push(toInstruction(file, joined, heredocs, next))
  }
  return instructions
}

interface JoinedLine {
  readonly text: string
  readonly segments: readonly LineSegment[]
  /** Index of its first line and of the line after it. */
  readonly begin: number
  readonly next: number
}

/** An escape character at the end of a line continues it, unless it is itself escaped. */
function joinContinued(file: SourceFile, begin: number, escape: string): JoinedLine {
  const mark = escape === '\\' ? '\\\\' : escape
  const continued = new RegExp(`(^|[^${mark}])${mark}[ \\t]*$`)
  const segments: LineSegment[] = []
  let text = ''
  let at = begin
  for (; at < file.lines.length; at++) {
    const line = file.lines[at] ?? ''
    if (at > begin && (isComment(line) || isBlank(line))) continue
    const piece = at === begin ? line.trimStart() : line
    segments.push({ start: text.length, line: at + 1, column: line.length - piece.length + 1 })
    const goesOn = continued.exec(piece)
    text += goesOn ? piece.slice(0, goesOn.index) + (goesOn[1] ?? '') : piece
    if (!goesOn) {
      at++
      break
    }
  }
  return { text, segments, begin, next: at }
}

/** Only these may have heredocs, and only where the arguments are no JSON. */
function startsOf(text: string, escape: string): HeredocStart[] {
  const match = /^(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s+(?:--\S+\s+)*(.*)$/is.exec(text)
  if (!match || match[1]?.startsWith('[')) return []
  return heredocsOfLine(text, escape)
}

function takeHeredocs(
  file: SourceFile,
  joined: JoinedLine,
  escape: string,
): { heredocs: Heredoc[]; next: number } {
  let next = joined.next
  const heredocs = startsOf(joined.text, escape).map((start) => {
    const first = next
    for (; next < file.lines.length; next++) {
      const line = file.lines[next] ?? ''
      if ((start.chomp ? line.replace(/^\t+/, '') : line) === start.name) {
        const content = file.lines.slice(first, next).map((text) => `${text}\n`)
        next++
        return { ...start, content: content.join('') }
      }
    }
    const line = file.lines[joined.begin] ?? ''
    const column = Math.max(0, line.indexOf('<<')) + 1
    throw new DockerfileError(
      file,
      { line: joined.begin + 1, column },
      {
        problem: `the heredoc "${start.name}" has no end`,
        expected: `a line with nothing but ${start.name}`,
        length: start.name.length + 2,
      },
    )
  })
  return { heredocs, next }
}

function toInstruction(
  file: SourceFile,
  { text: joined, segments, begin }: JoinedLine,
  heredocs: readonly Heredoc[],
  next: number,
): RawInstruction {
  const text = joined.trimEnd()
  const keyword = /^\S*/.exec(text)?.[0] ?? ''
  const rest = text.slice(keyword.length).trimStart()
  const source = { file, first: begin + 1, last: next, text, segments }
  return {
    keyword: keyword.toUpperCase(),
    rest,
    restOffset: text.length - rest.length,
    heredocs,
    source,
  }
}
