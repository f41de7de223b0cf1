import type { Command } from 'commander'
import { listAt, textAt } from '../api/object.ts'
import type { JsonObject } from '../api/object.ts'
import { addChangeFlags } from './resources/change-objects.ts'
import type { ChangeFlags } from './resources/change-objects.ts'
import type { Chosen } from './resources/chosen-objects.ts'
import { readDryRun } from './resources/dry-run.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ChangeFlags {
  readonly overwrite?: boolean
}

interface Taint {
  readonly key: string
  readonly value: string
  /** Empty: all of the key, where it is to go. */
  readonly effect: string
  readonly goes: boolean
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** `myorch taint nodes NAME KEY=VALUE:EFFECT KEY:EFFECT- KEY-`. */
export function addTaint(program: Command): void {
  const command = addChangeFlags(
    program
      .command('taint')
      .description('Keep pods off nodes, but for those that tolerate it')
      .argument('[target...]', 'nodes NAME…, then KEY=VALUE:EFFECT… and KEY:EFFECT-…'),
    'kubectl-taint',
  )
    .option('--overwrite', 'also those that have another value')
    .addHelpText('after', '\nExamples:\n  myorch taint nodes dev-2 only=batch:NoSchedule')
  addSessionAction<Flags>(command, async (session, given, flags) => {
    const { eachChosen, findChosen } = await import('./resources/chosen-objects.ts')
    const isTaint = (word: string): boolean => /[=:]|-$/.test(word)
    const [first = ''] = given
    const words = [first, ...given.slice(1).filter((word) => !isTaint(word))]
    const specs = given.slice(1).filter(isTaint)
    if (specs.length === 0) throw new CommandFailure('at least one taint update is required')
    if (!['node', 'nodes', 'no'].includes(first))
      throw new CommandFailure(`invalid resource type ${first}, only node types are supported`)
    if (words.length < 2 && !flags.all && flags.selector === undefined)
      throw new CommandFailure(
        "at least one resource name must be specified since '--all' parameter is not set",
      )
    const taints = specs.map(readTaint)
    const all = await findChosen(session, words, flags)
    await eachChosen(all, async (chosen) => taintOne(session, chosen, taints, flags))
  })
}

/** @throws CommandFailure */
function readTaint(text: string): Taint {
  const goes = text.endsWith('-')
  const spec = goes ? text.slice(0, -1) : text
  const [pair = '', effect = '', ...more] = spec.split(':')
  const [key = '', value = '', ...rest] = pair.split('=')
  if (more.length > 0 || rest.length > 0 || key === '')
    throw new CommandFailure(`invalid taint spec: ${text}`)
  if (effect === '' && !goes) throw new CommandFailure(`invalid taint spec: ${text}`)
  if (effect !== '' && !effects.includes(effect))
    throw new CommandFailure(
      `invalid taint effect: ${effect}, unsupported taint effect\nSee 'myorch taint -h' for help and examples`,
    )
  return { key, value, effect, goes }
}

async function taintOne(
  session: Session,
  chosen: Chosen,
  wanted: readonly Taint[],
  flags: Flags,
): Promise<void> {
  const { readChosen } = await import('./resources/chosen-objects.ts')
  const { changeObject, tellChange } = await import('./resources/change-objects.ts')
  const before = await readChosen(session, chosen)
  const old = listAt(before, ['spec', 'taints'])
  const added = wanted.filter(({ goes }) => !goes)
  const gone = wanted.filter(({ goes }) => goes)
  const missing = gone.find((taint) => !old.some((each) => isOf(each, taint)))
  if (missing)
    throw new CommandFailure(
      `taint ${JSON.stringify(`${missing.key}${missing.effect && `:${missing.effect}`}`)} not found`,
    )
  const isTaken = added.some((taint) => old.some((each) => isOf(each, taint)))
  if (isTaken && !flags.overwrite)
    throw new CommandFailure(
      `node ${chosen.name} already has ${added.map(({ key }) => key).join(', ')} taint(s) with same effect(s) and --overwrite is false`,
    )
  const kept = old.filter((each) => !wanted.some((taint) => isOf(each, taint)))
  const made = added.map(({ key, value, effect }) => ({ effect, key, ...(value && { value }) }))
  const taints = [...made, ...kept]
  const isNew = gone.length === 0 && !isTaken
  const verb = added.length === 0 ? 'untainted' : isNew ? 'tainted' : 'modified'
  const after =
    readDryRun(flags.dryRun) === 'client'
      ? { ...before, spec: { ...before.spec, taints } }
      : await changeObject(session, chosen, { body: { spec: { taints } } }, flags)
  const { dryRun: _, ...shown } = flags
  await tellChange(chosen, after, verb, shown)
}

function isOf(each: JsonObject, { key, effect }: Taint): boolean {
  return textAt(each, ['key']) === key && (effect === '' || textAt(each, ['effect']) === effect)
}
