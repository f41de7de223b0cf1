import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import type { Chosen } from './resources/chosen-objects.ts'
import { addDryRunFlag, dryRunSuffix, readDryRun } from './resources/dry-run.ts'
import { commandPath } from './resources/flag-forms.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

/** Which nodes. */
export interface NodeChoice extends ClientFlags {
  readonly selector?: string
  readonly dryRun?: string | boolean
}

/** `myorch cordon NODE` and `myorch uncordon NODE`. */
export function addCordon(program: Command): void {
  for (const [name, closed] of [
    ['cordon', true],
    ['uncordon', false],
  ] as const) {
    const command = program
      .command(name)
      .description(closed ? 'Let a node get no more pods' : 'Let a node get pods again')
      .argument('[node...]', 'names')
      .option('-l, --selector <labels>', 'those with these labels')
    addSessionAction<NodeChoice>(addDryRunFlag(command), async (session, words, flags) => {
      const { eachChosen } = await import('./resources/chosen-objects.ts')
      const nodes = await chooseNodes(session, words, flags, command)
      await eachChosen(nodes, async (chosen) => setClosed(session, chosen, closed, flags))
    })
  }
}

/** @throws CommandFailure where none is named, and StatusError for one that is not there */
export async function chooseNodes(
  session: Session,
  words: readonly string[],
  flags: NodeChoice,
  command: Command,
): Promise<Chosen[]> {
  const { findChosen, readChosen } = await import('./resources/chosen-objects.ts')
  const { selector } = flags
  if (words.length === 0 && selector === undefined)
    throw new CommandFailure(
      `USAGE: ${command.name()} NODE [flags]\nSee '${commandPath(command)} -h' for help and examples`,
    )
  if (words.length > 0 && selector !== undefined)
    throw new CommandFailure('error: cannot specify both a node name and a --selector option')
  const nodes = await findChosen(
    session,
    ['nodes', ...words],
    selector === undefined ? {} : { selector },
  )
  for (const node of nodes) await readChosen(session, node)
  return nodes
}

export async function setClosed(
  session: Session,
  chosen: Chosen,
  closed: boolean,
  flags: NodeChoice,
): Promise<void> {
  const { readChosen } = await import('./resources/chosen-objects.ts')
  const { changeObject } = await import('./resources/change-objects.ts')
  const word = closed ? 'cordoned' : 'uncordoned'
  const { spec } = await readChosen(session, chosen)
  const isSame = (spec?.['unschedulable'] === true) === closed
  const dryRun = readDryRun(flags.dryRun)
  if (!isSame && dryRun !== 'client')
    await changeObject(
      session,
      chosen,
      { body: { spec: { unschedulable: closed ? true : null } } },
      { fieldManager: 'kubectl', ...(flags.dryRun === undefined ? {} : { dryRun: flags.dryRun }) },
    )
  process.stdout.write(
    `node/${chosen.name} ${isSame ? `already ${word}` : word}${dryRunSuffix(dryRun)}\n`,
  )
}
