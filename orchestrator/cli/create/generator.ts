import type { Command } from 'commander'
import type { KubeObject } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import { UnreachableError } from '../../client/open-connection.ts'
import type { ClientFlags } from '../client-flags.ts'
import { addDryRunFlag, dryRunQuery, dryRunSuffix, readDryRun } from '../resources/dry-run.ts'
import { addFlag, commandPath } from '../resources/flag-forms.ts'
import { addSessionAction, CommandFailure, printWarning } from '../resources/session.ts'
import type { Session } from '../resources/session.ts'
import { requireFlags } from './read-flags.ts'

/** Of every command that makes one object out of words. */
export interface GeneratorFlags extends ClientFlags {
  readonly output?: string
  readonly dryRun?: string | boolean
  readonly fieldManager: string
  readonly saveConfig?: boolean
}

/** One of `myorch create KIND`. */
export interface Generator<Flags> {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly description: string
  /** Flags that there has to be. */
  readonly required?: readonly string[]
  /** What is said before the reason why it could not be made. */
  readonly failure?: string
  /** Flag and what it is about, as commander takes them; `...` for those that may be given more than once. */
  readonly flags: readonly (readonly [flag: string, about: string])[]
  /** The object, with all that kubectl writes out of one. @param words behind the name @throws CommandFailure */
  readonly build: (made: Making<Flags>) => KubeObject | Promise<KubeObject>
}

export interface Making<Flags> {
  readonly name: string
  readonly words: readonly string[]
  readonly flags: Flags
  readonly session: Session
}

/** As Go writes a time that is not set. */
export const unset = { creationTimestamp: null } as unknown as { creationTimestamp?: string }

export function addGenerator<Flags extends GeneratorFlags>(
  parent: Command,
  generator: Generator<Flags>,
): void {
  const command = addMakingFlags(
    parent
      .command(generator.name)
      .description(generator.description)
      .argument('[name]', 'of the new object')
      .argument('[word...]', 'a command, behind --'),
    'kubectl-create',
  )
  for (const alias of generator.aliases ?? []) command.alias(alias)
  for (const [flag, about] of generator.flags) addFlag(command, flag, about)
  addSessionAction<Flags>(command, async (session, given, flags) => {
    requireFlags(flags, generator.required ?? [])
    const { name, words } = readName(given, command)
    const object = await generator.build({ name, words, flags, session })
    await createObject(session, object, flags, { failure: generator.failure ?? '' })
  })
}

/** What all have that make an object. */
export function addMakingFlags(command: Command, manager: string): Command {
  return addDryRunFlag(command)
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=…')
    .option('--field-manager <name>', 'who owns what is created', manager)
    .option('--save-config', 'note in the object what was said, for apply')
    .option('--validate <how>', 'accepted; what is made has no unknown fields')
}

/** What stands behind `--` is a command, not a name. */
function readName(given: readonly string[], command: Command): { name: string; words: string[] } {
  const at = process.argv.indexOf('--')
  const behind = at === -1 ? 0 : process.argv.length - at - 1
  const names = given.slice(0, given.length - behind)
  const [name] = names
  if (name !== undefined && names.length === 1)
    return { name, words: given.slice(given.length - behind) }
  throw new CommandFailure(
    `exactly one NAME is required, got ${names.length}\nSee '${commandPath(command)} -h' for help and examples`,
  )
}

/** Create it, or only show it; say so, or show what came of it. @param options.named whether what is sent names the namespace */
export async function createObject(
  session: Session,
  object: KubeObject,
  flags: GeneratorFlags,
  { done = 'created', failure = '', named = true } = {},
): Promise<void> {
  const { resourceOf } = await import('../resources/discover.ts')
  const { printDone } = await import('../resources/print-done.ts')
  const resource = resourceOf(await session.resources(), object.apiVersion, object.kind)
  if (!resource) throw new CommandFailure(`the server has no kind ${object.kind}`)
  const placed =
    resource.namespaced && session.namespaceIsGiven && named
      ? { ...object, metadata: { ...object.metadata, namespace: session.namespace } }
      : object
  const body = flags.saveConfig ? await withNote(placed) : placed
  const dryRun = readDryRun(flags.dryRun)
  const query = new URLSearchParams({
    fieldManager: flags.fieldManager,
    fieldValidation: 'Strict',
    ...dryRunQuery(dryRun),
  })
  const { objectPath } = await import('../../client/resource-path.ts')
  const path = `${objectPath(resource, { namespace: session.namespace })}?${query.toString()}`
  const made =
    dryRun === 'client'
      ? body
      : await session
          .send({ method: 'POST', path, body, onWarning: printWarning })
          .catch(inCreate(failure))
  const chosen = { resource, name: object.metadata.name ?? '', namespace: undefined }
  await printDone(chosen, made as KubeObject, `${done}${dryRunSuffix(dryRun)}`, flags.output)
}

async function withNote(object: KubeObject): Promise<KubeObject> {
  const { withLastApplied } = await import('../resources/client-side-apply.ts')
  return withLastApplied(object)
}

/** @param failure what is said before the reason; nothing: it is the server's failure as it is */
function inCreate(failure: string): (error: unknown) => never {
  return (error) => {
    if (failure === '' || !(error instanceof StatusError) || error instanceof UnreachableError)
      throw error
    throw new CommandFailure(`failed to create ${failure} ${error.message}`)
  }
}
