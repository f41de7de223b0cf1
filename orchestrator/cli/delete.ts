import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import { objectPath } from '../client/resource-path.ts'
import type { ClientFlags } from './client-flags.ts'
import type { ApiResource } from './resources/discover.ts'
import { addSessionAction, CommandFailure, failureText } from './resources/session.ts'
import type { Session } from './resources/session.ts'
import type { SelectionFlags } from './resources/targets.ts'

interface Flags extends ClientFlags, SelectionFlags {
  readonly filename?: string[]
  readonly recursive?: boolean
  readonly all?: boolean
  readonly cascade: string
  readonly gracePeriod?: string
  readonly force?: boolean
  readonly now?: boolean
  readonly wait: string
  readonly ignoreNotFound?: boolean
  readonly output?: string
}

interface Doomed {
  readonly resource: ApiResource
  readonly name: string
  readonly namespace: string | undefined
}

const propagation: Readonly<Record<string, string>> = {
  background: 'Background',
  foreground: 'Foreground',
  orphan: 'Orphan',
}

/** `myorch delete TYPE NAME…`. */
export function addDelete(program: Command): void {
  const command = program
    .command('delete')
    .description('Delete objects, and wait until they are gone')
    .argument('[target...]', 'TYPE NAME…, TYPE/NAME…, or TYPE with -l or --all')
    .option('-f, --filename <path...>', 'the objects of files, folders, or - for standard input')
    .option('-R, --recursive', 'with the folders within folders')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--field-selector <fields>', 'those with these fields')
    .option('--all', 'all of the type')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('--cascade <how>', 'background, foreground or orphan', 'background')
    .option('--grace-period <seconds>', 'absent: as the object says')
    .option('--force', 'with --grace-period=0: at once')
    .option('--now', 'with a grace period of one second')
    .option('--wait <whether>', 'until they are gone', 'true')
    .option('--ignore-not-found', 'an object that is not there is no error')
    .option('-o, --output <format>', 'name')
  addSessionAction<Flags>(command, deleteAll)
}

async function deleteAll(session: Session, words: string[], flags: Flags): Promise<void> {
  const { shownName } = await import('./resources/discover.ts')
  const waiting: (() => Promise<void>)[] = []
  for (const doomed of await findDoomed(session, words, flags))
    try {
      const { resource, name, namespace } = doomed
      const path = objectPath(resource, { name, namespace })
      const answer = await session.send({ method: 'DELETE', path, body: deleteOptions(flags) })
      const full = shownName(resource, name)
      const [kind = ''] = full.split('/')
      const how = flags.force && flags.gracePeriod === '0' ? 'force deleted' : 'deleted'
      process.stdout.write(flags.output === 'name' ? `${full}\n` : `${kind} "${name}" ${how}\n`)
      waiting.push(() => awaitGone(session, path, uidOf(answer)))
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      if (flags.ignoreNotFound && error.status.reason === 'NotFound') continue
      process.stderr.write(`${failureText(error)}\n`)
      process.exitCode = 1
    }
  if (waiting.length === 0 && process.exitCode === undefined && words.length > 0)
    process.stdout.write('No resources found\n')
  if (flags.wait !== 'false') for (const wait of waiting) await wait()
}

async function findDoomed(session: Session, words: string[], flags: Flags): Promise<Doomed[]> {
  if (flags.filename) {
    const { readManifests } = await import('./resources/read-manifests.ts')
    return readManifests(session, flags.filename, flags.recursive)
  }
  const { listObjects, namespaceFor, parseTargets } = await import('./resources/targets.ts')
  const found: Doomed[] = []
  for (const { resource, names } of await parseTargets(session, words, 'delete')) {
    const namespace = namespaceFor(session, resource)
    for (const name of names) found.push({ resource, name, namespace })
    if (names.length > 0) continue
    if (!flags.all && flags.selector === undefined && flags.fieldSelector === undefined)
      throw new CommandFailure('resource(s) were provided, but no name was specified')
    for (const { metadata } of await listObjects(session, resource, flags))
      found.push({ resource, name: metadata.name ?? '', namespace: metadata.namespace })
  }
  return found
}

function deleteOptions({ cascade, gracePeriod, now, force }: Flags): object {
  const propagationPolicy = propagation[cascade]
  if (propagationPolicy === undefined)
    throw new CommandFailure(
      `invalid cascade value (${cascade}). Must be "background", "foreground", or "orphan"`,
    )
  const seconds = now
    ? 1
    : gracePeriod === undefined
      ? force
        ? 0
        : undefined
      : Number(gracePeriod)
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy,
    ...(seconds === undefined || seconds < 0 ? {} : { gracePeriodSeconds: seconds }),
  }
}

/** What is gone at once is answered with a Status, what needs time with the object. */
function uidOf(answer: unknown): string | undefined {
  const { details, metadata } = answer as { details?: { uid?: string } } & Partial<KubeObject>
  return details?.uid ?? metadata?.uid
}

/** Another object of the same name is not the one that was to go. */
async function awaitGone(session: Session, path: string, uid: string | undefined): Promise<void> {
  const { setTimeout: pause } = await import('node:timers/promises')
  const interval = 100
  for (;;) {
    try {
      const object = (await session.send({ path })) as KubeObject
      if (uid !== undefined && object.metadata.uid !== uid) return
    } catch (error) {
      if (error instanceof StatusError && error.status.reason === 'NotFound') return
      throw error
    }
    await pause(interval)
  }
}
