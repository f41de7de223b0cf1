import { complain } from './dockerfile-error.ts'
import type { CommandLine } from './instruction.ts'
import type { RawInstruction } from './split-instructions.ts'

/**
 * The JSON array of strings at the beginning of a text; undefined where there is none, 'mixed' where
 * it holds something else than strings. What follows the array is ignored, as docker does.
 */
function leadingStrings(text: string): string[] | 'mixed' | undefined {
  if (!text.startsWith('[')) return undefined
  for (let end = text.indexOf(']'); end >= 0; end = text.indexOf(']', end + 1)) {
    let value: unknown
    try {
      value = JSON.parse(text.slice(0, end + 1))
    } catch {
      continue
    }
    if (!Array.isArray(value)) return undefined
    return value.every((item) => typeof item === 'string') ? value : 'mixed'
  }
  return undefined
}

/** @throws {DockerfileError} for an array with numbers or other things in it */
export function jsonWords(raw: RawInstruction, rest: string, offset: number): string[] | undefined {
  const words = leadingStrings(rest)
  if (words !== 'mixed') return words
  throw complain(raw.source, {
    offset,
    length: rest.length,
    problem: 'the array holds something else than strings',
    expected: 'strings in double quotes, separated by commas',
  })
}

/** The JSON form, or else a line for the shell. */
export function parseCommandLine(raw: RawInstruction, rest: string, offset: number): CommandLine {
  const words = jsonWords(raw, rest, offset)
  return words === undefined ? { form: 'shell', line: rest } : { form: 'exec', words }
}
