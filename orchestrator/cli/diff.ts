import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { ClientFlags } from './client-flags.ts'
import { addManifestFlags, inFile, inNamespace } from './resources/each-manifest.ts'
import type { ManifestFlags } from './resources/each-manifest.ts'
import type { Manifest } from './resources/read-manifests.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags, ManifestFlags {
  readonly serverSide?: boolean
  readonly forceConflicts?: boolean
  readonly fieldManager?: string
}

/** A failure of its own has another exit code than a difference. */
const failed = 2

/** `myorch diff -f FILE`. */
export function addDiff(program: Command): void {
  const command = addManifestFlags(
    program
      .command('diff')
      .description('Show what apply would change; the exit code is 1 where there is anything')
      .argument('[word...]', 'none'),
  )
    .option('--server-side', 'let the server merge')
    .option('--force-conflicts', 'with --server-side: take fields from other owners')
    .option('--field-manager <name>', 'who would own what is applied')
  addSessionAction<Flags>(command, async (session, _words, flags) => {
    const folder = mkdtempSync(join(tmpdir(), 'myorch-diff-'))
    try {
      await compare(session, flags, folder)
    } catch (error) {
      if (error instanceof CommandFailure) throw new CommandFailure(error.message, failed - 1)
      throw error
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

async function compare(session: Session, flags: Flags, folder: string): Promise<void> {
  const { readManifests, sourceOf } = await import('./resources/read-manifests.ts')
  const { formatYaml } = await import('./resources/print-objects.ts')
  const [live, merged] = ['LIVE', 'MERGED'].map((name) => mkdtempSync(join(folder, `${name}-`)))
  for (const manifest of await readManifests(session, sourceOf(flags), flags.recursive)) {
    const { resource, name, namespace = '' } = manifest
    const group = [resource.group, resource.version].filter((word) => word !== '').join('.')
    const file = `${group}.${resource.kind}.${namespace}.${name}`
    const before = await readLive(session, manifest)
    const after = await wouldBe(session, manifest, before, flags)
    const both = hidden(before, after)
    if (both[0]) writeFileSync(join(live!, file), await formatYaml(both[0]))
    writeFileSync(join(merged!, file), await formatYaml(both[1]))
  }
  const [program = 'diff', ...words] = (process.env['KUBECTL_EXTERNAL_DIFF'] ?? 'diff -u -N').split(
    ' ',
  )
  const child = spawn(program, [...words, live!, merged!], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) process.exitCode = code ?? failed
}

async function readLive(session: Session, manifest: Manifest): Promise<KubeObject | undefined> {
  const { manifestPath } = await import('./resources/read-manifests.ts')
  try {
    return (await session.send({ path: manifestPath(manifest) })) as KubeObject
  } catch (error) {
    if (error instanceof StatusError && error.status.reason === 'NotFound') return undefined
    throw error
  }
}

/** What the server says that it would keep. */
async function wouldBe(
  session: Session,
  manifest: Manifest,
  before: KubeObject | undefined,
  flags: Flags,
): Promise<KubeObject> {
  const { manifestPath } = await import('./resources/read-manifests.ts')
  const { patchFor, withLastApplied } = await import('./resources/client-side-apply.ts')
  const wanted = inNamespace(manifest)
  const query = (manager: string, more: Record<string, string> = {}): string =>
    new URLSearchParams({
      dryRun: 'All',
      fieldManager: flags.fieldManager ?? manager,
      ...more,
    }).toString()
  const request = flags.serverSide
    ? {
        method: 'PATCH',
        path: `${manifestPath(manifest)}?${query('kubectl', { force: String(flags.forceConflicts === true) })}`,
        body: wanted,
        contentType: 'application/apply-patch+yaml',
      }
    : before
      ? {
          method: 'PATCH',
          path: `${manifestPath(manifest)}?${query('kubectl-client-side-apply')}`,
          ...patchFor(manifest, wanted, before),
        }
      : {
          method: 'POST',
          path: `${manifestPath(manifest, true)}?${query('kubectl-client-side-apply')}`,
          body: withLastApplied(wanted),
        }
  try {
    return (await session.send(request)) as KubeObject
  } catch (error) {
    throw inFile(error, before ? 'patching' : 'creating', manifest)
  }
}

/** Who owns what is not shown, nor the note of apply; of secrets only that they differ. */
function hidden(
  before: KubeObject | undefined,
  after: KubeObject,
): [KubeObject | undefined, KubeObject] {
  const plain = (object: KubeObject): KubeObject => {
    const { managedFields: _, ...metadata } = object.metadata
    const { ['kubectl.kubernetes.io/last-applied-configuration']: _note, ...annotations } =
      metadata.annotations ?? {}
    const { annotations: _all, ...others } = metadata
    const shown = Object.keys(annotations).length > 0 ? { ...others, annotations } : others
    return { ...object, metadata: shown }
  }
  const [old, now] = [before && plain(before), plain(after)]
  if (after.kind !== 'Secret') return [old, now]
  return [old && masked(old, now, 'before'), masked(now, old, 'after')]
}

function masked(object: KubeObject, other: KubeObject | undefined, when: string): KubeObject {
  const data = (object['data'] ?? {}) as JsonObject
  const others = (other?.['data'] ?? {}) as JsonObject
  const shown = Object.entries(data).map(([key, value]) => [
    key,
    key in others && others[key] !== value ? `*** (${when})` : '***',
  ])
  return { ...object, data: Object.fromEntries(shown) as JsonObject }
}
