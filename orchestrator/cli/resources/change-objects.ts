import type { Command } from 'commander'
import type { KubeObject } from '../../api/object.ts'
import type { ClientFlags } from '../client-flags.ts'
import { addChoiceFlags, chosenPath } from './chosen-objects.ts'
import type { ChoiceFlags, Chosen } from './chosen-objects.ts'
import { addDryRunFlag, dryRunQuery, dryRunSuffix, readDryRun } from './dry-run.ts'
import { printDone } from './print-done.ts'
import { printWarning } from './session.ts'
import type { Session } from './session.ts'

/** Of every command that changes objects that there are. */
export interface ChangeFlags extends ClientFlags, ChoiceFlags {
  readonly output?: string
  readonly dryRun?: string | boolean
  readonly fieldManager: string
}

export interface Change {
  readonly body: unknown
  /** Absent: a merge patch. */
  readonly contentType?: string
  readonly subresource?: string | undefined
}

/** @param manager who owns the fields that are changed */
export function addChangeFlags(command: Command, manager: string): Command {
  return addDryRunFlag(addChoiceFlags(command))
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=…')
    .option('--field-manager <name>', 'who owns the change', manager)
}

/** Change one object by a patch. @returns what it is then; with a dry run of the client, what it is now */
export async function changeObject(
  session: Session,
  chosen: Chosen,
  change: Change,
  flags: Pick<ChangeFlags, 'dryRun' | 'fieldManager'>,
): Promise<KubeObject> {
  const dryRun = readDryRun(flags.dryRun)
  const query = new URLSearchParams({ fieldManager: flags.fieldManager, ...dryRunQuery(dryRun) })
  const object = await session.send({
    method: 'PATCH',
    path: `${chosenPath(chosen, change.subresource)}?${query.toString()}`,
    body: change.body,
    contentType: change.contentType ?? 'application/merge-patch+json',
    onWarning: printWarning,
  })
  return object as KubeObject
}

/** Say what was done, or show what came of it. */
export async function tellChange(
  chosen: Chosen,
  object: KubeObject,
  verb: string,
  flags: Pick<ChangeFlags, 'dryRun' | 'output'>,
): Promise<void> {
  await printDone(chosen, object, `${verb}${dryRunSuffix(readDryRun(flags.dryRun))}`, flags.output)
}
