import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { RawRequest } from '../client/open-connection.ts'
import type { ClientFlags } from './client-flags.ts'
import { addDryRunFlag, dryRunQuery, readDryRun } from './resources/dry-run.ts'
import { addManifestFlags, eachManifest, inFile, inNamespace } from './resources/each-manifest.ts'
import type { Done, ManifestFlags } from './resources/each-manifest.ts'
import type { Manifest } from './resources/read-manifests.ts'
import { addSessionAction, CommandFailure, printWarning } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags, ManifestFlags {
  readonly fieldManager: string
  readonly force?: boolean
}

/** `myorch replace -f FILE`. */
export function addReplace(program: Command): void {
  const command = addManifestFlags(
    program
      .command('replace')
      .description('Put objects of files in the place of those that there are')
      .argument('[word...]', 'none'),
  )
    .option('--field-manager <name>', 'who owns what is in them', 'kubectl-replace')
    .option('--force', 'delete the object, and create it anew')
  addSessionAction<Flags>(addDryRunFlag(command), async (session, words, flags) => {
    if (words.length > 0)
      throw new CommandFailure(
        `Unexpected args: [${words.join(' ')}]\nSee 'myorch replace -h' for help and examples`,
      )
    const force = flags.force === true && readDryRun(flags.dryRun) === 'none'
    if (force) await removeAll(session, flags)
    await eachManifest(session, flags, 'replace', force ? createOne : replaceOne)
  })
}

async function replaceOne(session: Session, manifest: Manifest, flags: Flags): Promise<Done> {
  const { manifestPath } = await import('./resources/read-manifests.ts')
  const body = inNamespace(manifest)
  if (readDryRun(flags.dryRun) === 'client') return { object: body, verb: 'replaced' }
  const path = `${manifestPath(manifest)}?${queryOf(flags)}`
  try {
    const request = { method: 'PUT', path, body, onWarning: printWarning }
    return { object: (await session.send(request)) as KubeObject, verb: 'replaced' }
  } catch (error) {
    throw inFile(error, 'replacing', manifest)
  }
}

/** What is there goes first, wholly. */
async function removeAll(session: Session, { filename = [], recursive }: Flags): Promise<void> {
  const { setTimeout: pause } = await import('node:timers/promises')
  const { manifestPath, readManifests } = await import('./resources/read-manifests.ts')
  if (filename.includes('-')) throw new CommandFailure('--force needs files: it reads them twice')
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' }
  for (const manifest of await readManifests(session, filename, recursive)) {
    const path = manifestPath(manifest)
    if (!(await isThere(session, manifest, { method: 'DELETE', path, body }))) continue
    const { singular, group } = manifest.resource
    const shown = group === '' ? singular : `${singular}.${group}`
    process.stdout.write(`${shown} ${JSON.stringify(manifest.name)} deleted\n`)
    while (await isThere(session, manifest, { path })) await pause(100)
  }
}

async function isThere(
  session: Session,
  manifest: Manifest,
  request: RawRequest,
): Promise<boolean> {
  try {
    await session.send(request)
    return true
  } catch (error) {
    if (error instanceof StatusError && error.status.reason === 'NotFound') return false
    throw inFile(error, 'deleting', manifest)
  }
}

async function createOne(session: Session, manifest: Manifest, flags: Flags): Promise<Done> {
  const { manifestPath } = await import('./resources/read-manifests.ts')
  const path = `${manifestPath(manifest, true)}?${queryOf(flags)}`
  const request = { method: 'POST', path, body: inNamespace(manifest), onWarning: printWarning }
  return { object: (await session.send(request)) as KubeObject, verb: 'replaced' }
}

function queryOf(flags: Flags): string {
  return new URLSearchParams({
    fieldManager: flags.fieldManager,
    fieldValidation: flags.validate,
    ...dryRunQuery(readDryRun(flags.dryRun)),
  }).toString()
}
