import type { Command } from 'commander'
import { numberAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { ClientFlags } from './client-flags.ts'
import { addChoiceFlags } from './resources/chosen-objects.ts'
import type { ChoiceFlags, Chosen } from './resources/chosen-objects.ts'
import { addDryRunFlag, dryRunQuery, dryRunSuffix, readDryRun } from './resources/dry-run.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags, ChoiceFlags {
  readonly replicas?: string
  readonly currentReplicas?: string
  readonly output?: string
  readonly dryRun?: string | boolean
}

const examples = `
Examples:
  myorch scale deployment web --replicas=6
  myorch scale deploy/web deploy/api --replicas=0
  myorch scale deployment web --current-replicas=2 --replicas=3`

/** `myorch scale TYPE NAME --replicas=N`. */
export function addScale(program: Command): void {
  const command = addChoiceFlags(
    program
      .command('scale')
      .description('Say how many pods a deployment, replica set or stateful set is to have')
      .argument('[target...]', 'TYPE NAME…, TYPE/NAME…, or TYPE with -l or --all'),
  )
    .option('--replicas <count>', 'how many')
    .option('--current-replicas <count>', 'only if there are so many now')
    .option('-o, --output <format>', 'name, json, yaml, jsonpath=…')
    .addHelpText('after', examples)
  addSessionAction<Flags>(addDryRunFlag(command), scale)
}

async function scale(session: Session, words: string[], flags: Flags): Promise<void> {
  const { chosenPath, eachChosen, findChosen } = await import('./resources/chosen-objects.ts')
  const { printDone } = await import('./resources/print-done.ts')
  const replicas = readCount(flags.replicas)
  const expected = Number(flags.currentReplicas ?? '-1')
  const dryRun = readDryRun(flags.dryRun)
  const query = new URLSearchParams({ fieldManager: 'myorch', ...dryRunQuery(dryRun) }).toString()
  const all = await findChosen(session, words, flags)
  if (all.length === 1) await requireChosen(session, all[0]!)
  await eachChosen(all, async (chosen) => {
    const path = chosenPath(chosen, 'scale')
    const before = (await session.send({ path })) as KubeObject
    const current = numberAt(before, ['spec', 'replicas']) ?? 0
    if (expected >= 0 && current !== expected)
      throw new CommandFailure(`Expected replicas to be ${expected}, was ${current}`)
    if (dryRun !== 'client')
      await session.send({
        method: 'PATCH',
        path: `${path}?${query}`,
        body: { spec: { replicas } },
        contentType: 'application/merge-patch+json',
      })
    const object =
      flags.output === undefined || flags.output === 'name'
        ? before
        : ((await session.send({ path: chosenPath(chosen) })) as KubeObject)
    const named = flags.output === 'name' ? { ...object, metadata: { name: chosen.name } } : object
    await printDone(chosen, named, `scaled${dryRunSuffix(dryRun)}`, flags.output)
  })
}

/** The words for one alone are others than for several. */
async function requireChosen(session: Session, chosen: Chosen): Promise<void> {
  const { readChosen } = await import('./resources/chosen-objects.ts')
  try {
    await readChosen(session, chosen)
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.reason !== 'NotFound') throw error
    throw new CommandFailure(`no objects passed to scale ${error.message}`)
  }
}

function readCount(text: string | undefined): number {
  if (text === undefined) throw new CommandFailure('required flag(s) "replicas" not set')
  if (!/^-?\d+$/.test(text))
    throw new CommandFailure(
      `invalid argument "${text}" for "--replicas" flag: strconv.ParseInt: parsing "${text}": invalid syntax\nSee 'myorch scale --help' for usage.`,
    )
  if (Number(text) >= 0) return Number(text)
  throw new CommandFailure(
    'The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0',
  )
}
