import type { Command } from '../command.ts'
import type { CommandEntry } from '../command-entry.ts'
import { commandGroups } from '../command-groups.ts'
import { topCommands } from '../command-table.ts'
import type { Engine } from '../engine.ts'
import type { FlagSpec } from '../flag-spec.ts'
import { imageCommands } from '../image-commands.ts'

/** One word that could stand there, and what it is about. */
export interface Candidate {
  readonly word: string
  readonly about: string
}

/** `files`: the shell knows better, for a path is wanted. */
export type Completion = readonly Candidate[] | 'files'

/** Flags before the command that take a value. */
const globalFlags = new Map([
  ['--root', true],
  ['--log-level', true],
  ['-l', true],
  ['--debug', false],
  ['--help', false],
  ['--version', false],
])

/**
 * What could stand in the place of the last word, all that begins with it.
 *
 * @param words what follows the program's name, up to the cursor
 */
export async function completeWords(
  words: readonly string[],
  engine: () => Promise<Engine>,
): Promise<Completion> {
  const rest = afterGlobalFlags(words)
  const [first = '', second = ''] = rest
  if (rest.length <= 1) return beginning(first, first.startsWith('-') ? globals() : commands())
  const group = own(commandGroups, first)
  if (group && !own(topCommands, first)) {
    if (rest.length === 2) return beginning(second, entries(group.commands))
    const entry = own(group.commands, second)
    return entry ? completeCommand(await entry.load(), rest.slice(2), engine) : []
  }
  const entry = own(topCommands, first)
  return entry ? completeCommand(await entry.load(), rest.slice(1), engine) : []
}

function afterGlobalFlags(words: readonly string[]): readonly string[] {
  let at = 0
  while (at < words.length - 1 && words[at]?.startsWith('-'))
    at += globalFlags.get(words[at] ?? '') === true ? 2 : 1
  return words.slice(Math.min(at, words.length - 1))
}

function globals(): Candidate[] {
  const long = [...globalFlags.keys()].filter((word) => word.startsWith('--'))
  return long.map((word) => ({ word, about: 'global flag' }))
}

function commands(): Candidate[] {
  const groups = Object.entries(commandGroups).map(([word, { summary }]) => ({
    word,
    about: summary,
  }))
  const images = Object.entries(imageCommands).map(([word, about]) => ({ word, about }))
  const known = new Set(Object.keys(topCommands))
  return [...entries(topCommands), ...groups.filter(({ word }) => !known.has(word)), ...images]
}

function entries(table: Readonly<Record<string, CommandEntry>>): Candidate[] {
  return Object.entries(table).map(([word, { summary }]) => ({ word, about: summary }))
}

function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function beginning(start: string, candidates: readonly Candidate[]): Candidate[] {
  return candidates
    .filter(({ word }) => word.startsWith(start))
    .toSorted((a, b) => (a.word < b.word ? -1 : 1))
}

async function completeCommand(
  command: Command,
  words: readonly string[],
  engine: () => Promise<Engine>,
): Promise<Completion> {
  const { flag, positionals, isOver } = readWords(command, words)
  const last = words.at(-1) ?? ''
  if (flag) return completeValue(flag, last, engine)
  if (isOver) return 'files'
  if (last.startsWith('-')) return beginning(last, flagsOf(command))
  const names = await namesFor(wantedAt(command.usage, positionals), engine)
  return names === 'files' ? 'files' : beginning(last, names)
}

interface ReadWords {
  /** Whose value the last word is. */
  readonly flag: FlagSpec | undefined
  /** How many words that are no flags stand before the last. */
  readonly positionals: number
  /** A command line of its own follows: nothing is known of it. */
  readonly isOver: boolean
}

function readWords({ flags, interspersed }: Command, words: readonly string[]): ReadWords {
  let positionals = 0
  for (let at = 0; at < words.length - 1; at++) {
    const word = words[at] ?? ''
    if (!word.startsWith('-')) {
      if (!interspersed) return { flag: undefined, positionals: positionals + 1, isOver: true }
      positionals++
      continue
    }
    if (word.includes('=')) continue
    const spec = flags.find(({ name, short }) => word === `--${name}` || word === `-${short}`)
    if (!spec || spec.kind === 'bool') continue
    if (at === words.length - 2) return { flag: spec, positionals, isOver: false }
    at++
  }
  return { flag: undefined, positionals, isOver: false }
}

function flagsOf({ flags }: Command): Candidate[] {
  return flags
    .filter(({ hidden }) => hidden !== true)
    .map(({ name, help }) => ({ word: `--${name}`, about: help }))
}

type Kind = 'container' | 'image' | 'network' | 'volume' | 'secret' | 'files'

/** By the words in capitals that a command's help has. */
function wantedAt(usage: string, position: number): Kind | undefined {
  const places = usage.split(' ').filter((word) => /[A-Z]/.test(word) && word !== '[OPTIONS]')
  const place = places[Math.min(position, places.length - 1)] ?? ''
  const kinds = ['container', 'image', 'network', 'volume', 'secret'] as const
  const kind = kinds.find((each) => place.toLowerCase().includes(each))
  if (kind || position === 0 || places.length > position) return kind ?? fileKind(place)
  return undefined
}

function fileKind(place: string): Kind | undefined {
  return /FILE|PATH/.test(place) ? 'files' : undefined
}

const valuesOf: Readonly<Record<string, Kind>> = {
  network: 'network',
  net: 'network',
  'volumes-from': 'container',
  requires: 'container',
  secret: 'secret',
}

async function completeValue(
  { name }: FlagSpec,
  last: string,
  engine: () => Promise<Engine>,
): Promise<Completion> {
  const kind = valuesOf[name]
  if (kind === undefined) return 'files'
  const names = await namesFor(kind, engine)
  return names === 'files' ? 'files' : beginning(last, names)
}

async function namesFor(
  kind: Kind | undefined,
  engine: () => Promise<Engine>,
): Promise<Completion> {
  switch (kind) {
    case 'container':
      return (await (await engine()).list({ all: true, size: false })).map(({ record, state }) => ({
        word: record.name,
        about: `${state.status}, ${record.imageReference}`,
      }))
    case 'image':
      return (await (await engine()).imageNames()).map((word) => ({
        word: familiar(word),
        about: 'image',
      }))
    case 'network':
      return (await (await engine()).networkList()).map(({ name, driver }) => ({
        word: name,
        about: driver,
      }))
    case 'volume':
      return (await (await engine()).volumeList()).map(({ name, driver }) => ({
        word: name,
        about: driver,
      }))
    case 'secret':
      return (await (await engine()).secretList()).map(({ name }) => ({
        word: name,
        about: 'secret',
      }))
    default:
      return 'files'
  }
}

/** As a person writes it. */
function familiar(reference: string): string {
  return reference
    .replace(/^docker\.io\/library\/|^docker\.io\/|^localhost\//, '')
    .replace(/:latest$/, '')
}
