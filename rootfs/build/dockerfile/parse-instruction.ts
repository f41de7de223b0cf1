import { jsonWords, parseCommandLine } from './command-line.ts'
import { complain } from './dockerfile-error.ts'
import { singleFlag, takeFlags } from './flags.ts'
import type {
  ArgInstruction,
  CommandInstruction,
  FromInstruction,
  Instruction,
  ListInstruction,
  NamedValue,
  OnbuildInstruction,
  ShellInstruction,
  TextInstruction,
} from './instruction.ts'
import { nearest } from './nearest.ts'
import { parseCopy } from './parse-copy.ts'
import { parseHealthcheck } from './parse-healthcheck.ts'
import { parseRun } from './parse-run.ts'
import { type RawWord, blankSeparated, rawWords } from './raw-words.ts'
import type { RawInstruction } from './split-instructions.ts'

type Parser = (raw: RawInstruction, escape: string) => Instruction

const parsers: Readonly<Record<string, Parser>> = {
  FROM: parseFrom,
  ARG: parseArg,
  ENV: (raw, escape) => ({ kind: 'env', source: raw.source, pairs: pairs(raw, escape) }),
  LABEL: (raw, escape) => ({ kind: 'label', source: raw.source, pairs: pairs(raw, escape) }),
  RUN: parseRun,
  COPY: parseCopy,
  ADD: parseCopy,
  WORKDIR: (raw) => text(raw, 'workdir'),
  USER: (raw) => text(raw, 'user'),
  STOPSIGNAL: (raw) => text(raw, 'stopsignal'),
  MAINTAINER: (raw) => text(raw, 'maintainer'),
  CMD: (raw) => commandOf(raw, 'cmd'),
  ENTRYPOINT: (raw) => commandOf(raw, 'entrypoint'),
  EXPOSE: (raw) => list(raw, 'expose'),
  VOLUME: (raw) => list(raw, 'volume'),
  HEALTHCHECK: parseHealthcheck,
  SHELL: parseShell,
  ONBUILD: parseOnbuild,
}

/** @throws {DockerfileError} */
export function parseInstruction(raw: RawInstruction, escape: string): Instruction {
  const { keyword, source } = raw
  const parse = Object.hasOwn(parsers, keyword) ? parsers[keyword] : undefined
  if (parse) return parse(raw, escape)
  const close = nearest(keyword, Object.keys(parsers))
  throw complain(source, {
    problem: `"${source.text.split(/\s/, 1)[0]}" is no instruction`,
    expected: close ?? 'FROM, RUN, COPY or another instruction',
    hint: close && `Did you mean ${close}?`,
  })
}

const namePattern = /^[a-z][a-z0-9_.-]*$/

function parseFrom(raw: RawInstruction): FromInstruction {
  const line = takeFlags(raw, { platform: 'text' })
  const words = blankSeparated(line.rest)
  const [image, as, name] = words
  const isNamed = words.length === 3 && as?.text.toUpperCase() === 'AS'
  if (!image || !(words.length === 1 || isNamed))
    throw complain(raw.source, {
      offset: image ? line.restOffset + (as?.offset ?? 0) : raw.source.text.length,
      length: as?.text.length ?? 1,
      problem: image ? 'FROM takes one image' : 'FROM lacks its image',
      expected: 'FROM [--platform=PLATFORM] IMAGE [AS NAME]',
    })
  const stage = name?.text.toLowerCase()
  if (name && stage !== undefined && !namePattern.test(stage))
    throw complain(raw.source, {
      offset: line.restOffset + name.offset,
      length: name.text.length,
      problem: `"${name.text}" cannot be the name of a stage`,
      expected: 'a letter, then letters, digits, "_", "-" and "."',
    })
  const platform = singleFlag(raw, line, 'platform')?.value
  return { kind: 'from', source: raw.source, image: image.text, platform, name: stage }
}

function parseArg(raw: RawInstruction, escape: string): ArgInstruction {
  requireNoFlags(raw)
  const words = rawWords(raw.rest, escape)
  if (words.length === 0) throw lacks(raw, 'its name', 'ARG NAME[=DEFAULT]')
  const args = words.map((word) => {
    const equals = word.text.indexOf('=')
    const name = unquoted(equals < 0 ? word.text : word.text.slice(0, equals))
    if (name === '') throw blankName(raw, word)
    return { name, value: equals < 0 ? undefined : word.text.slice(equals + 1) }
  })
  return { kind: 'arg', source: raw.source, args }
}

const unquoted = (name: string): string => name.replace(/^(["'])(.*)\1$/, '$2')

/** NAME=VALUE …, or the old form NAME VALUE, whose value is the rest of the line. */
function pairs(raw: RawInstruction, escape: string): NamedValue[] {
  requireNoFlags(raw)
  const form = `${raw.keyword} NAME=VALUE …`
  const words = rawWords(raw.rest, escape)
  const [first, second] = words
  if (!first) throw lacks(raw, 'its name and value', form)
  if (!first.text.includes('=')) {
    if (!second) throw lacks(raw, 'its value', form)
    return [{ name: first.text, value: raw.rest.slice(first.text.length).trimStart() }]
  }
  return words.map((word) => {
    const equals = word.text.indexOf('=')
    if (equals === 0) throw blankName(raw, word)
    if (equals > 0) return { name: word.text.slice(0, equals), value: word.text.slice(equals + 1) }
    throw complain(raw.source, {
      offset: raw.restOffset + word.offset,
      length: word.text.length,
      problem: `there is no "=" in "${word.text}"`,
      expected: 'NAME=VALUE',
      hint: 'Put a value with blanks in it in double quotes',
    })
  })
}

function text(raw: RawInstruction, kind: TextInstruction['kind']): TextInstruction {
  requireNoFlags(raw)
  if (raw.rest === '') throw lacks(raw, 'its value', `${raw.keyword} VALUE`)
  return { kind, source: raw.source, value: raw.rest }
}

function commandOf(raw: RawInstruction, kind: CommandInstruction['kind']): CommandInstruction {
  requireNoFlags(raw)
  return {
    kind,
    source: raw.source,
    command:
      raw.rest === ''
        ? { form: 'exec', words: [] }
        : parseCommandLine(raw, raw.rest, raw.restOffset),
  }
}

function list(raw: RawInstruction, kind: ListInstruction['kind']): ListInstruction {
  requireNoFlags(raw)
  const json = kind === 'volume' ? jsonWords(raw, raw.rest, raw.restOffset) : undefined
  const values = json ?? blankSeparated(raw.rest).map((word) => word.text)
  if (values.length === 0)
    throw lacks(raw, kind === 'expose' ? 'its ports' : 'its paths', `${raw.keyword} VALUE …`)
  if (values.some((value) => value.trim() === ''))
    throw complain(raw.source, { problem: `${raw.keyword} holds an empty value` })
  return { kind, source: raw.source, values }
}

function parseShell(raw: RawInstruction): ShellInstruction {
  requireNoFlags(raw)
  const words = jsonWords(raw, raw.rest, raw.restOffset)
  if (words && words.length > 0) return { kind: 'shell', source: raw.source, words }
  throw complain(raw.source, {
    offset: raw.restOffset,
    length: Math.max(1, raw.rest.length),
    problem: 'SHELL takes only the JSON form',
    expected: 'SHELL ["program", "argument"]',
  })
}

function parseOnbuild(raw: RawInstruction, escape: string): OnbuildInstruction {
  requireNoFlags(raw)
  if (raw.rest === '') throw lacks(raw, 'its instruction', 'ONBUILD INSTRUCTION …')
  const keyword = /^\S+/.exec(raw.rest)?.[0] ?? ''
  const rest = raw.rest.slice(keyword.length).trimStart()
  const upper = keyword.toUpperCase()
  if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(upper))
    throw complain(raw.source, {
      offset: raw.restOffset,
      length: keyword.length,
      problem: `${upper} cannot be a trigger of ONBUILD`,
      expected: 'RUN, COPY, ENV or another instruction',
    })
  // Faults of the trigger are found here, where it is written, not in the builds it runs in.
  const restOffset = raw.source.text.length - rest.length
  parseInstruction({ ...raw, keyword: upper, rest, restOffset }, escape)
  const heredocs = raw.heredocs.map(({ name, content }) => `\n${content}${name}`)
  return { kind: 'onbuild', source: raw.source, trigger: raw.rest + heredocs.join('') }
}

function requireNoFlags(raw: RawInstruction): void {
  if (raw.rest.startsWith('--')) takeFlags(raw, {})
}

function lacks(raw: RawInstruction, what: string, expected: string): Error {
  return complain(raw.source, {
    offset: raw.source.text.length,
    problem: `${raw.keyword} lacks ${what}`,
    expected,
  })
}

function blankName(raw: RawInstruction, word: RawWord): Error {
  return complain(raw.source, {
    offset: raw.restOffset + word.offset,
    length: word.text.length,
    problem: `a name of ${raw.keyword} is empty`,
    expected: 'NAME=VALUE',
  })
}
