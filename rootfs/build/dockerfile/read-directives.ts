import { DockerfileError } from './dockerfile-error.ts'
import type { SourceFile } from './source.ts'

/** What the comments at the very top say about how to read the file. */
export interface Directives {
  /** "\\" or "`". */
  readonly escape: string
  /** Value of "syntax", where there is one; no frontend is ever fetched. */
  readonly syntax: string | undefined
  readonly check: string | undefined
}

const known = new Set(['escape', 'syntax', 'check'])

/**
 * Read parser directives: `# name=value` lines before anything else, each at most once.
 *
 * @see https://docs.docker.com/reference/dockerfile/#parser-directives
 * @throws {DockerfileError} for a directive given twice, or an escape character that is none
 */
export function readDirectives(file: SourceFile): Directives {
  const found = new Map<string, string>()
  for (const [at, line] of file.lines.entries()) {
    const match = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line)
    const name = match?.[1]?.toLowerCase()
    // Anything else, a blank line or an unknown name too, ends the directives.
    if (name === undefined || !known.has(name)) break
    const place = { line: at + 1, column: 1 }
    if (found.has(name))
      throw new DockerfileError(file, place, {
        problem: `the directive "${name}" is given twice`,
        length: line.length,
      })
    const value = match?.[2] ?? ''
    if (name === 'escape' && value !== '\\' && value !== '`')
      throw new DockerfileError(file, place, {
        problem: `"${value}" cannot be the escape character`,
        expected: '"\\" or "`"',
        length: line.length,
      })
    found.set(name, value)
  }
  return {
    escape: found.get('escape') ?? '\\',
    syntax: found.get('syntax'),
    check: found.get('check'),
  }
}
