// Flags as Go's pflag reads them, since docker's and podman's users rely on it: `--flag=value`,
// `--flag value`, `-f value`, `-fvalue`, `-f=value`, `-itd`, `--bool=false`, `--` ends them.

import { OperationError } from '../../native/error.ts'
import type { FlagSpec } from './flag-spec.ts'
import { nearest } from './nearest.ts'
import { ParsedFlags } from './parsed-flags.ts'

export interface ParsedLine {
  readonly flags: ParsedFlags
  readonly args: readonly string[]
}

interface Reader {
  readonly specs: readonly FlagSpec[]
  readonly command: string
  readonly values: Map<string, string[]>
  readonly rest: string[]
}

/**
 * Split a command line into flags and arguments.
 * @param command for errors: "mycontainer run"
 * @param interspersed false: the first argument ends the flags (`run IMAGE ls -l`)
 * @throws {OperationError} INVALID_ARGUMENT for an unknown flag, a missing or a malformed value
 */
export function parseFlags(
  argv: readonly string[],
  specs: readonly FlagSpec[],
  { command, interspersed }: { readonly command: string; readonly interspersed: boolean },
): ParsedLine {
  const reader: Reader = { specs, command, values: new Map(), rest: [...argv] }
  const args: string[] = []
  for (let word = reader.rest.shift(); word !== undefined; word = reader.rest.shift()) {
    if (word === '--') {
      args.push(...reader.rest)
      break
    }
    if (word.startsWith('--')) readLong(word.slice(2), reader)
    else if (word.startsWith('-') && word !== '-') readShorts(word.slice(1), reader)
    else {
      args.push(word)
      if (interspersed) continue
      args.push(...reader.rest)
      break
    }
  }
  return { flags: new ParsedFlags(reader.values), args }
}

function readLong(word: string, reader: Reader): void {
  const equals = word.indexOf('=')
  const name = equals < 0 ? word : word.slice(0, equals)
  const spec = reader.specs.find((candidate) => candidate.name === name)
  if (!spec) throw unknownFlag(`--${name}`, reader)
  if (equals >= 0) store(spec, word.slice(equals + 1), reader)
  else if (spec.kind === 'bool') store(spec, 'true', reader)
  else store(spec, nextWord(`--${name}`, reader), reader)
}

function readShorts(letters: string, reader: Reader): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters.charAt(at)
    const spec = reader.specs.find((candidate) => candidate.short === letter)
    if (!spec) throw unknownFlag(`-${letter}`, reader, `-${letters}`)
    const after = letters.slice(at + 1)
    if (after.startsWith('=')) return store(spec, after.slice(1), reader)
    if (spec.kind !== 'bool')
      return store(spec, after === '' ? nextWord(`-${letter}`, reader) : after, reader)
    store(spec, 'true', reader)
  }
}

function nextWord(flag: string, { rest, command }: Reader): string {
  const word = rest.shift()
  if (word !== undefined) return word
  throw new OperationError(
    'INVALID_ARGUMENT',
    `flag needs an argument: ${flag}`,
    {},
    {
      hint: `See '${command} --help'`,
    },
  )
}

function store(spec: FlagSpec, text: string, { values, command }: Reader): void {
  const value = checked(spec, text, command)
  const name = spec.aliasOf ?? spec.name
  const earlier = values.get(name)
  if (earlier) earlier.push(value)
  else values.set(name, [value])
}

function checked(spec: FlagSpec, text: string, command: string): string {
  if (spec.kind === 'bool') {
    if (/^(?:1|t|true)$/i.test(text)) return 'true'
    if (/^(?:0|f|false)$/i.test(text)) return 'false'
  } else if (spec.kind === 'int') {
    if (/^[-+]?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return text
  } else if (spec.kind === 'number') {
    if (/^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(text)) return text
  } else return text
  const wanted = { bool: 'true or false', int: 'a whole number', number: 'a number' }[spec.kind]
  throw new OperationError(
    'INVALID_ARGUMENT',
    `invalid argument ${JSON.stringify(text)} for --${spec.name}`,
    {},
    { hint: `It takes ${wanted}. See '${command} --help'` },
  )
}

function unknownFlag(flag: string, { specs, command }: Reader, within?: string): OperationError {
  const where = within === undefined || within === flag ? '' : ` in ${within}`
  const names = specs.filter((spec) => spec.hidden !== true).map((spec) => `--${spec.name}`)
  const near = flag.startsWith('--') ? nearest(flag, names) : undefined
  const kind = flag.startsWith('--') ? 'unknown flag' : 'unknown shorthand flag'
  return new OperationError(
    'INVALID_ARGUMENT',
    `${kind}: ${flag}${where}`,
    {},
    {
      hint:
        near === undefined
          ? `See '${command} --help'`
          : `Did you mean ${near}? See '${command} --help'`,
    },
  )
}
