import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { ClientFlags } from './client-flags.ts'
import type { Manifest } from './resources/read-manifests.ts'
import { addSessionAction, failureText, printWarning } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly filename?: string[]
  readonly recursive?: boolean
  readonly output?: string
  readonly fieldManager: string
  readonly forceConflicts?: boolean
  readonly dryRun?: string
}

/** `myorch apply -f FILE`. */
export function addApply(program: Command): void {
  const command = addFileFlags(
    program.command('apply').description('Make objects be as files say, by server-side apply'),
  )
    .option('--field-manager <name>', 'who owns what is applied', 'myorch')
    .option('--force-conflicts', 'take fields from other owners')
  addSessionAction<Flags>(command, (session, _words, flags) =>
    eachManifest(session, flags, applyOne),
  )
}

/** `myorch create -f FILE`. */
export function addCreate(program: Command): void {
  const command = addFileFlags(
    program.command('create').description('Create the objects that files hold'),
  ).option('--field-manager <name>', 'who owns what is created', 'myorch-create')
  addSessionAction<Flags>(command, (session, _words, flags) =>
    eachManifest(session, flags, createOne),
  )
}

function addFileFlags(command: Command): Command {
  return command
    .option('-f, --filename <path...>', 'files, folders, or - for standard input')
    .option('-R, --recursive', 'with the folders within folders')
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=…')
    .option('--dry-run <how>', 'server: go through everything and keep nothing')
}

interface Done {
  readonly object: KubeObject
  readonly verb: string
}

/** One that fails does not keep the others from being done. */
async function eachManifest(
  session: Session,
  flags: Flags,
  work: (session: Session, manifest: Manifest, flags: Flags) => Promise<Done>,
): Promise<void> {
  const { readManifests } = await import('./resources/read-manifests.ts')
  const { shownName } = await import('./resources/discover.ts')
  const manifests = await readManifests(session, flags.filename ?? [], flags.recursive)
  const printed = []
  for (const manifest of manifests)
    try {
      const { object, verb } = await work(session, manifest, flags)
      const { resource } = manifest
      printed.push({ resource, object })
      const suffix = flags.dryRun === 'server' ? ' (server dry run)' : ''
      if (flags.output === undefined)
        process.stdout.write(
          `${shownName(resource, object.metadata.name ?? '')} ${verb}${suffix}\n`,
        )
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      process.stderr.write(`${failureText(error)}\n`)
      process.exitCode = 1
    }
  if (flags.output === undefined || printed.length === 0) return
  const { formatObjects } = await import('./resources/print-objects.ts')
  process.stdout.write(await formatObjects(flags.output, printed, printed.length === 1))
}

async function applyOne(session: Session, manifest: Manifest, flags: Flags): Promise<Done> {
  const { manifestPath } = await import('./resources/read-manifests.ts')
  const path = manifestPath(manifest)
  const before = await revisionOf(session, path)
  const query = queryOf(flags, { force: String(flags.forceConflicts === true) })
  const object = (await session.send({
    method: 'PATCH',
    path: `${path}?${query}`,
    body: inNamespace(manifest),
    contentType: 'application/apply-patch+yaml',
    onWarning: printWarning,
  })) as KubeObject
  const isSame = before === object.metadata.resourceVersion
  return { object, verb: before === undefined ? 'created' : isSame ? 'unchanged' : 'configured' }
}

async function createOne(session: Session, manifest: Manifest, flags: Flags): Promise<Done> {
  const { manifestPath } = await import('./resources/read-manifests.ts')
  const object = (await session.send({
    method: 'POST',
    path: `${manifestPath(manifest, true)}?${queryOf(flags)}`,
    body: inNamespace(manifest),
    onWarning: printWarning,
  })) as KubeObject
  return { object, verb: 'created' }
}

/** @returns undefined for an object that is not there */
async function revisionOf(session: Session, path: string): Promise<string | undefined> {
  try {
    return ((await session.send({ path })) as KubeObject).metadata.resourceVersion
  } catch (error) {
    if (error instanceof StatusError && error.status.reason === 'NotFound') return undefined
    throw error
  }
}

function queryOf(flags: Flags, more: Record<string, string> = {}): string {
  return new URLSearchParams({
    fieldManager: flags.fieldManager,
    fieldValidation: 'Strict',
    ...(flags.dryRun === 'server' ? { dryRun: 'All' } : {}),
    ...more,
  }).toString()
}

function inNamespace({ object, namespace }: Manifest): KubeObject {
  return namespace === undefined
    ? object
    : { ...object, metadata: { ...object.metadata, namespace } }
}
