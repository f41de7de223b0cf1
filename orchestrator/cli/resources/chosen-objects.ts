import type { Command } from 'commander'
import type { KubeObject } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import { objectPath } from '../../client/resource-path.ts'
import { addFlag } from './flag-forms.ts'
import { shownName } from './discover.ts'
import type { ApiResource } from './discover.ts'
import { CommandFailure, failureText } from './session.ts'
import type { Session } from './session.ts'
import { listObjects, namespaceFor, parseTargets } from './targets.ts'
import type { SelectionFlags } from './targets.ts'

/** Which objects a command is to change. */
export interface ChoiceFlags extends SelectionFlags {
  readonly filename?: string[]
  readonly kustomize?: string
  readonly recursive?: boolean
  readonly all?: boolean
}

export interface Chosen {
  readonly resource: ApiResource
  readonly name: string
  readonly namespace: string | undefined
}

export function addChoiceFlags(command: Command): Command {
  return addFlag(
    command,
    '-f, --filename <path...>',
    'the objects of files, folders, or - for standard input',
  )
    .option('-k, --kustomize <folder>', 'those of the kustomization in a folder')
    .option('-R, --recursive', 'with the folders within folders')
    .option('-l, --selector <labels>', 'those with these labels, like app=web')
    .option('--field-selector <fields>', 'those with these fields')
    .option('--all', 'all of the type')
    .option('-A, --all-namespaces', 'of every namespace')
}

const nothingGiven = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`

/** @throws CommandFailure where nothing is chosen, or a type alone */
export async function findChosen(
  session: Session,
  words: readonly string[],
  flags: ChoiceFlags,
): Promise<Chosen[]> {
  if (flags.filename ?? flags.kustomize) {
    const { readManifests, sourceOf } = await import('./read-manifests.ts')
    return readManifests(session, sourceOf(flags), flags.recursive)
  }
  if (words.length === 0) throw new CommandFailure(nothingGiven)
  const chosen: Chosen[] = []
  const isSelected = flags.selector !== undefined || flags.fieldSelector !== undefined
  for (const { resource, names } of await parseTargets(session, words, 'change')) {
    const namespace = namespaceFor(session, resource)
    if ((isSelected || flags.all) && names.length > 0)
      throw new CommandFailure('name cannot be provided when a selector is specified')
    for (const name of names) chosen.push({ resource, name, namespace })
    if (names.length > 0) continue
    if (!flags.all && !isSelected)
      throw new CommandFailure('resource(s) were provided, but no name was specified')
    for (const { metadata } of await listObjects(session, resource, flags))
      chosen.push({ resource, name: metadata.name ?? '', namespace: metadata.namespace })
  }
  return chosen
}

/** The same, where a type alone means all of it. */
export async function chooseAll(
  session: Session,
  words: readonly string[],
  flags: ChoiceFlags,
): Promise<Chosen[]> {
  const isType = words.length === 1 && !words[0]?.includes('/') && flags.selector === undefined
  return findChosen(session, words, isType ? { ...flags, all: true } : flags)
}

export function chosenPath(chosen: Chosen, subresource?: string): string {
  const { resource, name, namespace } = chosen
  return objectPath(resource, { name, namespace }, subresource)
}

/** `deployment.apps/web`. */
export function chosenName({ resource, name }: Chosen): string {
  return shownName(resource, name)
}

export async function readChosen(session: Session, chosen: Chosen): Promise<KubeObject> {
  return (await session.send({ path: chosenPath(chosen) })) as KubeObject
}

/** One that fails does not keep the others from being done. */
export async function eachChosen(
  all: readonly Chosen[],
  work: (chosen: Chosen) => Promise<void>,
): Promise<void> {
  for (const chosen of all)
    try {
      await work(chosen)
    } catch (error) {
      if (!(error instanceof StatusError) && !(error instanceof CommandFailure)) throw error
      process.stderr.write(`${failureText(error)}\n`)
      process.exitCode = 1
    }
}
