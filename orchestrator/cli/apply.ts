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
  readonly serverSide?: boolean
  readonly forceConflicts?: boolean
  readonly fieldManager?: string
}

const examples = `
Examples:
  myorch apply -f app.yaml
  myorch apply -f folder/
  myorch apply -k overlays/dev
  cat app.yaml | myorch apply -f -
  myorch apply -f app.yaml --server-side
  myorch apply -f app.yaml --dry-run=server`

// The names of kubectl: whoever uses both tools is the same owner.
const managers = { client: 'kubectl-client-side-apply', server: 'kubectl' } as const

/** `myorch apply -f FILE`. */
export function addApply(program: Command): void {
  const command = addManifestFlags(
    program
      .command('apply')
      .description('Make objects be as files say')
      .argument('[word...]', 'none'),
  )
    .option('--server-side', 'let the server merge, and tell of conflicts between owners')
    .option('--force-conflicts', 'with --server-side: take fields from other owners')
    .option('--field-manager <name>', 'who owns what is applied')
    .addHelpText('after', examples)
  addSessionAction<Flags>(addDryRunFlag(command), async (session, words, flags) => {
    if (words.length > 0)
      throw new CommandFailure(
        `Unexpected args: [${words.join(' ')}]\nSee 'myorch apply -h' for help and examples`,
      )
    if (flags.forceConflicts && !flags.serverSide)
      throw new CommandFailure('--force-conflicts only works with --server-side')
    await eachManifest(session, flags, 'apply', flags.serverSide ? applyByServer : applyByClient)
  })
}

async function applyByServer(session: Session, manifest: Manifest, flags: Flags): Promise<Done> {
  const { manifestPath } = await import('./resources/read-manifests.ts')
  if (readDryRun(flags.dryRun) === 'client')
    throw new CommandFailure(
      "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
    )
  const query = queryOf(flags, { force: String(flags.forceConflicts === true) })
  try {
    const object = (await session.send({
      method: 'PATCH',
      path: `${manifestPath(manifest)}?${query}`,
      body: inNamespace(manifest),
      contentType: 'application/apply-patch+yaml',
      onWarning: printWarning,
    })) as KubeObject
    return { object, verb: 'serverside-applied' }
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.reason !== 'Conflict') throw error
    throw new CommandFailure(`${error.message}\n${conflictHelp}`)
  }
}

const conflictHelp = `Others manage these fields. What you can do:
* To take them over, run the command again with --force-conflicts.
* To leave them to the others, take the fields out of the file.
* To share them, give them the values that they have; then all of you manage them.
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`

async function applyByClient(session: Session, manifest: Manifest, flags: Flags): Promise<Done> {
  const { manifestPath } = await import('./resources/read-manifests.ts')
  const apply = await import('./resources/client-side-apply.ts')
  const path = manifestPath(manifest)
  const wanted = inNamespace(manifest)
  const current = await readCurrent(session, path)
  const isDry = readDryRun(flags.dryRun) === 'client'
  if (isDry)
    return current
      ? { object: current, verb: 'configured' }
      : { object: apply.withLastApplied(wanted), verb: 'created' }
  const query = queryOf(flags)
  if (!current) {
    const path = `${manifestPath(manifest, true)}?${query}`
    const body = apply.withLastApplied(wanted)
    const request = { method: 'POST', path, body, onWarning: printWarning }
    const object = (await sendFor(session, manifest, 'creating', request)) as KubeObject
    return { object, verb: 'created' }
  }
  if (!apply.hasLastApplied(current)) printWarning(missingNote(manifest))
  const { body, contentType } = apply.patchFor(manifest, wanted, current)
  const request = { method: 'PATCH', path: `${path}?${query}`, body, contentType }
  const object = (await sendFor(session, manifest, 'patching', {
    ...request,
    onWarning: printWarning,
  })) as KubeObject
  const isSame = object.metadata.resourceVersion === current.metadata.resourceVersion
  return { object, verb: isSame ? 'unchanged' : 'configured' }
}

async function sendFor(
  session: Session,
  manifest: Manifest,
  doing: string,
  request: RawRequest,
): Promise<unknown> {
  try {
    return await session.send(request)
  } catch (error) {
    throw inFile(error, doing, manifest)
  }
}

function missingNote({ resource, name }: Manifest): string {
  return `resource ${resource.plural}/${name} is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by myorch apply. myorch apply should only be used on resources created declaratively by either myorch create --save-config or myorch apply. The missing annotation will be patched automatically.`
}

/** @returns undefined for an object that is not there */
async function readCurrent(session: Session, path: string): Promise<KubeObject | undefined> {
  try {
    return (await session.send({ path })) as KubeObject
  } catch (error) {
    if (error instanceof StatusError && error.status.reason === 'NotFound') return undefined
    throw error
  }
}

function queryOf(flags: Flags, more: Record<string, string> = {}): string {
  return new URLSearchParams({
    fieldManager: flags.fieldManager ?? managers[flags.serverSide ? 'server' : 'client'],
    fieldValidation: flags.validate,
    ...dryRunQuery(readDryRun(flags.dryRun)),
    ...more,
  }).toString()
}
