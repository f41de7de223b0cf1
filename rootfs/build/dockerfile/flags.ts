import { complain } from './dockerfile-error.ts'
import { nearest } from './nearest.ts'
import type { RawInstruction } from './split-instructions.ts'

/** How a flag is given: with a value, with values of several uses, or as a switch. */
export type FlagKind = 'text' | 'list' | 'switch'
export type FlagKinds = Readonly<Record<string, FlagKind>>

export interface FlagUse {
  readonly value: string
  /** Where the flag begins in the instruction's text. */
  readonly offset: number
  readonly length: number
}

/** Flags of an instruction, and what follows them. */
export interface FlaggedLine {
  readonly flags: ReadonlyMap<string, readonly FlagUse[]>
  readonly rest: string
  readonly restOffset: number
}

interface FlagWord {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** One word of flags: quotes are dropped, a backslash takes the next character as it is. */
function readFlagWord(text: string, start: number): FlagWord {
  let word = ''
  let quote = ''
  let at = start
  for (; at < text.length; at++) {
    let character = text.charAt(at)
    if (quote === '' && /\s/.test(character)) break
    if (character === quote) {
      quote = ''
      continue
    }
    if (quote === '' && (character === '"' || character === "'")) {
      quote = character
      continue
    }
    if (character === '\\') character = text.charAt(++at)
    word += character
  }
  return { text: word, start, end: at }
}

/**
 * Take the flags off the beginning of an instruction's arguments.
 *
 * @param kinds the flags that this instruction has
 * @throws {DockerfileError} for an unknown flag, one given twice, or one without its value
 */
export function takeFlags(raw: RawInstruction, kinds: FlagKinds): FlaggedLine {
  const flags = new Map<string, FlagUse[]>()
  const { rest, restOffset } = raw
  let at = 0
  for (;;) {
    at += /^\s*/.exec(rest.slice(at))?.[0].length ?? 0
    if (!rest.startsWith('--', at)) break
    const word = readFlagWord(rest, at)
    at = word.end
    if (word.text === '--') {
      at += /^\s*/.exec(rest.slice(at))?.[0].length ?? 0
      break
    }
    const { name, use } = readFlag(raw, word, kinds)
    flags.set(name, [...(flags.get(name) ?? []), use])
  }
  return { flags, rest: rest.slice(at), restOffset: restOffset + at }
}

function readFlag(
  raw: RawInstruction,
  word: FlagWord,
  kinds: FlagKinds,
): { name: string; use: FlagUse } {
  const equals = word.text.indexOf('=')
  const name = word.text.slice(2, equals < 0 ? undefined : equals)
  const where = { offset: raw.restOffset + word.start, length: word.end - word.start }
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (kind === undefined) {
    const names = Object.keys(kinds)
    const close = nearest(name, names)
    throw complain(raw.source, {
      ...where,
      problem: `${raw.keyword} has no flag --${name}`,
      expected: names.length === 0 ? 'no flag' : names.map((known) => `--${known}`).join(', '),
      hint: close && `Did you mean --${close}?`,
    })
  }
  const value = equals < 0 ? undefined : word.text.slice(equals + 1)
  if (kind === 'switch') return { name, use: { ...where, value: switchValue(raw, name, value) } }
  if (value === undefined)
    throw complain(raw.source, {
      ...where,
      problem: `--${name} lacks its value`,
      expected: `--${name}=VALUE`,
    })
  return { name, use: { ...where, value } }
}

function switchValue(raw: RawInstruction, name: string, value: string | undefined): string {
  const lower = (value ?? 'true').toLowerCase()
  if (lower === 'true' || lower === 'false') return lower
  throw complain(raw.source, {
    offset: raw.source.text.indexOf(`--${name}`),
    length: name.length + 2,
    problem: `--${name} is a switch, "${value}" is no value for it`,
    expected: 'true or false',
  })
}

/** The one use of a flag. @throws {DockerfileError} where it is given twice */
export function singleFlag(
  raw: RawInstruction,
  line: FlaggedLine,
  name: string,
): FlagUse | undefined {
  const [use, second] = line.flags.get(name) ?? []
  if (second)
    throw complain(raw.source, {
      offset: second.offset,
      length: second.length,
      problem: `--${name} is given twice`,
    })
  return use
}
