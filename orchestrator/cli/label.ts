import type { Command } from 'commander'
import type { JsonObject, KubeObject } from '../api/object.ts'
import type { Chosen } from './resources/chosen-objects.ts'
import { addChangeFlags } from './resources/change-objects.ts'
import type { ChangeFlags } from './resources/change-objects.ts'
import { readDryRun } from './resources/dry-run.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ChangeFlags {
  readonly overwrite?: boolean
  readonly list?: boolean
  readonly resourceVersion?: string
}

/** What labels and annotations differ in. */
interface Notes {
  readonly field: 'labels' | 'annotations'
  /** In messages. */
  readonly word: 'label' | 'annotation'
  readonly checkValue: (pair: string, value: string) => void
  readonly verb: (before: KubeObject, after: KubeObject, overwrite: boolean) => string
}

interface Wanted {
  readonly set: ReadonlyMap<string, string>
  readonly removed: readonly string[]
}

/** `myorch label TYPE NAME KEY=VALUE KEY-`. */
export function addLabel(program: Command): void {
  addNotes(program, 'label', {
    field: 'labels',
    word: 'label',
    checkValue: (pair, value) => {
      if (value === '' || /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(value)) return
      throw new CommandFailure(
        `invalid label value: ${JSON.stringify(pair)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
      )
    },
    verb: (before, after, overwrite) => {
      const [old, now] = [JSON.stringify(before), JSON.stringify(after)]
      if (old === now) return 'not labeled'
      return !overwrite && now.length < old.length ? 'unlabeled' : 'labeled'
    },
  })
}

/** `myorch annotate TYPE NAME KEY=VALUE KEY-`. */
export function addAnnotate(program: Command): void {
  addNotes(program, 'annotate', {
    field: 'annotations',
    word: 'annotation',
    checkValue: () => undefined,
    verb: () => 'annotated',
  })
}

function addNotes(program: Command, name: string, notes: Notes): void {
  const command = addChangeFlags(
    program
      .command(name)
      .description(`Set and remove ${notes.field}`)
      .argument('[target...]', 'TYPE NAME… or TYPE/NAME…, then KEY=VALUE… and KEY-…'),
    `kubectl-${name}`,
  )
    .option('--overwrite', 'also those that have another value')
    .option('--list', `show the ${notes.field}`)
    .option('--resource-version <version>', 'only if it is this one')
    .addHelpText('after', `\nExamples:\n  myorch ${name} pod web-1 tier=front old-`)
  addSessionAction<Flags>(command, async (session, given, flags) => {
    const { eachChosen, findChosen } = await import('./resources/chosen-objects.ts')
    const at = given.findIndex(isPair)
    const words = at === -1 ? given : given.slice(0, at)
    const wanted = readWanted(at === -1 ? [] : given.slice(at), notes)
    checkFlags(words, wanted, flags, notes)
    const all = await findChosen(session, words, flags)
    await eachChosen(all, async (chosen) => noteOne(session, chosen, { wanted, flags, notes }))
  })
}

function isPair(word: string): boolean {
  return word.includes('=') || word.endsWith('-')
}

function checkFlags(words: readonly string[], wanted: Wanted, flags: Flags, notes: Notes): void {
  if (flags.all && flags.selector !== undefined)
    throw new CommandFailure('cannot set --all and --selector at the same time')
  if (words.length === 0 && !flags.filename)
    throw new CommandFailure(
      'one or more resources must be specified as <resource> <name> or <resource>/<name>',
    )
  if (wanted.set.size === 0 && wanted.removed.length === 0 && !flags.list)
    throw new CommandFailure(`at least one ${notes.word} update is required`)
}

function readWanted(pairs: readonly string[], { word, checkValue }: Notes): Wanted {
  const set = new Map<string, string>()
  const removed: string[] = []
  for (const pair of pairs) {
    const [key = '', ...value] = pair.split('=')
    if (!isPair(pair))
      throw new CommandFailure(
        word === 'label'
          ? `unknown label spec: ${pair}`
          : `all resources must be specified before annotation changes: ${pair}`,
      )
    if (value.length === 0) removed.push(key.slice(0, -1))
    else {
      if (key === '' || (word === 'label' && value.length > 1))
        throw new CommandFailure(`invalid ${word} spec: ${pair}`)
      checkValue(pair, value.join('='))
      set.set(key, value.join('='))
    }
  }
  if (removed.some((key) => set.has(key)))
    throw new CommandFailure(
      `can not both modify and remove ${word === 'label' ? 'a label' : 'an annotation'} in the same command`,
    )
  return { set, removed }
}

interface Noting {
  readonly wanted: Wanted
  readonly flags: Flags
  readonly notes: Notes
}

async function noteOne(session: Session, chosen: Chosen, noting: Noting): Promise<void> {
  const { readChosen } = await import('./resources/chosen-objects.ts')
  const { changeObject, tellChange } = await import('./resources/change-objects.ts')
  const { wanted, flags, notes } = noting
  const { field } = notes
  const before = await readChosen(session, chosen)
  const old = before.metadata[field] ?? {}
  if (notes.word === 'label')
    for (const key of wanted.removed)
      if (old[key] === undefined) process.stdout.write(`label ${JSON.stringify(key)} not found.\n`)
  if (!flags.overwrite) checkOverwrites(old, wanted, notes)
  const now = withNotes(old, wanted)
  const after = { ...before, metadata: { ...before.metadata, [field]: now } }
  const verb = notes.verb(before, after, flags.overwrite === true)
  if (readDryRun(flags.dryRun) === 'client' || (flags.list && wanted.set.size === 0)) {
    if (flags.list) return list(now)
    return tellChange(chosen, after, verb, flags)
  }
  const changes: JsonObject = Object.fromEntries([
    ...[...wanted.set].filter(([key, value]) => old[key] !== value),
    ...wanted.removed.filter((key) => old[key] !== undefined).map((key) => [key, null]),
  ])
  const { resourceVersion } = flags
  const metadata = { [field]: changes, ...(resourceVersion ? { resourceVersion } : {}) }
  const object =
    Object.keys(changes).length === 0 && resourceVersion === undefined
      ? before
      : await changeObject(session, chosen, { body: { metadata } }, flags)
  if (flags.list) return list(now)
  await tellChange(chosen, object, verb, flags)
}

function withNotes(
  old: Readonly<Record<string, string>>,
  { set, removed }: Wanted,
): Record<string, string> {
  const kept = Object.entries(old).filter(([key]) => !removed.includes(key))
  return Object.fromEntries([...kept, ...set])
}

function list(notes: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(notes).toSorted()) process.stdout.write(`${key}=${notes[key]}\n`)
}

function checkOverwrites(
  old: Readonly<Record<string, string>>,
  { set }: Wanted,
  { word }: Notes,
): void {
  const taken = [...set].filter(([key, value]) => old[key] !== undefined && old[key] !== value)
  if (taken.length === 0) return
  const texts = taken.map(([key]) => `'${key}' already has a value (${old[key]})`)
  throw new CommandFailure(
    word === 'label'
      ? texts.map((text) => `${text}, and --overwrite is false`).join('; ')
      : `--overwrite is false but found the following declared annotation(s): ${texts.join('; ')}`,
  )
}
