import type { Command } from 'commander'
import type { JsonObject } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import type { ChoiceFlags } from './resources/chosen-objects.ts'
import { addDryRunFlag, dryRunQuery, dryRunSuffix, readDryRun } from './resources/dry-run.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags, ChoiceFlags {
  readonly revision?: string
  readonly toRevision?: string
  readonly output?: string
  readonly dryRun?: string | boolean
}

/** `myorch rollout history` and `myorch rollout undo`. @param verb makes the command with its flags of choice */
export function addRolloutHistory(verb: (name: string, description: string) => Command): void {
  const history = verb('history', 'What was rolled out before')
    .option('--revision <number>', 'its pods, in full', '0')
    .option('-o, --output <format>', 'json, yaml, name')
  addSessionAction<Flags>(history, showHistory)
  const undo = verb('undo', 'Go back to what was rolled out before').option(
    '--to-revision <number>',
    '0: the one before',
    '0',
  )
  addSessionAction<Flags>(addDryRunFlag(undo), undoAll)
}

function readRevision(flag: string, text = '0'): number {
  if (/^-?\d+$/.test(text) && Number(text) >= 0) return Number(text)
  throw new CommandFailure(
    /^-\d+$/.test(text)
      ? `revision must be a positive integer: ${text}`
      : `invalid argument "${text}" for "--${flag}" flag: strconv.ParseInt: parsing "${text}": invalid syntax\nSee 'myorch rollout ${flag === 'revision' ? 'history' : 'undo'} --help' for usage.`,
  )
}

async function showHistory(session: Session, words: string[], flags: Flags): Promise<void> {
  const { chooseAll, chosenName, eachChosen, readChosen } =
    await import('./resources/chosen-objects.ts')
  const { findRevisions } = await import('./resources/revisions.ts')
  const revision = readRevision('revision', flags.revision)
  await eachChosen(await chooseAll(session, words, flags), async (chosen) => {
    const object = await readChosen(session, chosen)
    const revisions = await findRevisions(session, object, 'history')
    const name = chosenName(chosen)
    const found = revision === 0 ? undefined : revisions.find((each) => each.number === revision)
    if (revision !== 0 && !found) throw new CommandFailure('unable to find the specified revision')
    if (flags.output !== undefined) {
      const { formatObjects } = await import('./resources/print-objects.ts')
      const shown = found ?? revisions.at(-1)
      if (!shown) return
      const printed = [{ resource: chosen.resource, object: shown.object }]
      return void process.stdout.write(await formatObjects(flags.output, printed, true))
    }
    if (found) {
      const shown = await templateText(found.template)
      return void process.stdout.write(`${name} with revision #${revision}\n${shown}\n`)
    }
    const { layOutTabs } = await import('./resources/describe/lay-out-tabs.ts')
    const rows = revisions.map(({ number, cause }) => `${number}\t${cause}\n`)
    process.stdout.write(`${name} \n${layOutTabs(`REVISION\tCHANGE-CAUSE\n${rows.join('')}`)}\n`)
  })
}

/** With tabs that nobody lays out, as kubectl leaves them. */
async function templateText(template: JsonObject): Promise<string> {
  const { makePage } = await import('./resources/describe/page.ts')
  const { writePodTemplate } = await import('./resources/describe/pod-template.ts')
  const page = makePage()
  writePodTemplate(page, template)
  return page.tabbed()
}

async function undoAll(session: Session, words: string[], flags: Flags): Promise<void> {
  const { chooseAll, chosenName, chosenPath, eachChosen, readChosen } =
    await import('./resources/chosen-objects.ts')
  const { findRevisions, withoutHash } = await import('./resources/revisions.ts')
  const { sameJson } = await import('../api/object.ts')
  const wanted = readRevision('to-revision', flags.toRevision)
  const dryRun = readDryRun(flags.dryRun)
  await eachChosen(await chooseAll(session, words, flags), async (chosen) => {
    const object = await readChosen(session, chosen)
    const { name } = chosen
    const revisions = await findRevisions(session, object, 'rollbacker')
    if (object.kind === 'Deployment' && object.spec?.['paused'] === true)
      throw new CommandFailure(
        `you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again`,
      )
    const target =
      wanted === 0 ? revisions.at(-2) : revisions.find((each) => each.number === wanted)
    if (!target)
      throw new CommandFailure(
        wanted === 0
          ? `no rollout history found for ${object.kind.toLowerCase()} "${name}"`
          : `unable to find specified revision ${wanted} in history`,
      )
    if (dryRun === 'client') {
      const shown = await templateText(target.template)
      return void process.stdout.write(`${chosenName(chosen)} ${shown}${dryRunSuffix(dryRun)}\n`)
    }
    const template = withoutHash(target.template)
    if (sameJson(template, object.spec?.['template']))
      return void process.stdout.write(
        `${chosenName(chosen)} skipped rollback (current template already matches revision ${target.number})\n`,
      )
    const query = new URLSearchParams({ fieldManager: 'kubectl-rollout', ...dryRunQuery(dryRun) })
    await session.send({
      method: 'PATCH',
      path: `${chosenPath(chosen)}?${query.toString()}`,
      body: [{ op: 'replace', path: '/spec/template', value: template }],
      contentType: 'application/json-patch+json',
    })
    process.stdout.write(`${chosenName(chosen)} rolled back${dryRunSuffix(dryRun)}\n`)
  })
}
