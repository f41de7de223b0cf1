import { mkdirSync } from 'node:fs'
import type { RunMount, RunRequest } from '../../rootfs/build-steps/run-request.ts'
import { removeFolder } from '../../rootfs/store/remove-folder.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { type MountSpec, plainMount } from '../container/mount-spec.ts'
import type { PlacedMount } from '../container/oci-config/facts.ts'
import { type CacheFolder, openCache } from './cache-folder.ts'
import { fillFrom } from './fill-from.ts'
import { makeSecretFolder } from './secret-file.ts'
import { type MountLayers, findMountLayers, lowerOptions } from './mount-layers.ts'

/** The mounts of one RUN with their sources found or made. */
export interface PreparedMounts {
  readonly mounts: readonly PlacedMount[]
  /** Variables that only this command sees. */
  readonly env: readonly string[]
  /** Give locks back and remove what was made, after the command. */
  release(): void
}

type MountOf<Kind extends RunMount['kind']> = Extract<RunMount, { kind: Kind }>

interface Preparing {
  readonly context: EngineContext
  readonly request: RunRequest
  /** A folder for what is only needed while the command runs. */
  readonly scratch: string
  readonly secrets: () => ReturnType<typeof makeSecretFolder>
  readonly releases: (() => void)[]
  count: number
}

/**
 * Find or make the sources of all mounts of a RUN; waits for a cache that another step has locked.
 *
 * @throws {OperationError} `NOT_FOUND` for a source that is not there
 */
export async function prepareStepMounts(
  context: EngineContext,
  request: RunRequest,
): Promise<PreparedMounts> {
  const scratch = `${request.step.work}-mounts`
  const releases: (() => void)[] = []
  const release = (): void => {
    for (const undo of releases.splice(0).toReversed()) undo()
  }
  let folder: ReturnType<typeof makeSecretFolder> | undefined
  const secrets = (): NonNullable<typeof folder> => {
    if (folder) return folder
    const made = makeSecretFolder(context.folders)
    releases.push(() => made.remove())
    folder = made
    return made
  }
  const preparing = { context, request, scratch, secrets, releases, count: 0 }
  try {
    if (request.mounts.length > 0) {
      mkdirSync(scratch)
      releases.push(() => removeFolder(scratch))
    }
    const mounts: PlacedMount[] = []
    for (const mount of request.mounts) mounts.push(...(await place(preparing, mount)))
    return { mounts, env: request.mounts.flatMap(secretVariable), release }
  } catch (error) {
    release()
    throw error
  }
}

function secretVariable(mount: RunMount): string[] {
  if (mount.kind !== 'secret' || mount.env === undefined) return []
  return [`${mount.env}=${mount.content.toString()}`]
}

async function place(preparing: Preparing, mount: RunMount): Promise<PlacedMount[]> {
  switch (mount.kind) {
    case 'bind':
      return [await placeBind(preparing, mount)]
    case 'cache':
      return [await placeCache(preparing, mount)]
    case 'tmpfs':
      return [placeTmpfs(mount)]
    case 'secret':
      return placeSecret(preparing, mount)
    case 'ssh':
      return [bindMount(mount.target, mount.socket, false)]
  }
}

function bindMount(target: string, source: string, isReadOnly: boolean): PlacedMount {
  const spec: MountSpec = {
    ...plainMount('bind', target),
    readOnly: isReadOnly,
    recursiveReadOnly: isReadOnly,
  }
  return { spec: { ...spec, source }, source }
}

async function placeBind(preparing: Preparing, mount: MountOf<'bind'>): Promise<PlacedMount> {
  const found = findMountLayers(mount.from, mount.source ?? '/', nextFolder(preparing))
  const { layers } = found
  const [only] = layers
  if (!mount.readWrite && only !== undefined && layers.length === 1)
    return bindMount(mount.target, only, true)
  if (!found.isFile) return overlayMount(preparing, mount, found)
  const folder = nextFolder(preparing)
  await fillFrom(mount.from, mount.source ?? '/', `${folder}/fs`)
  return bindMount(mount.target, `${folder}/fs/${found.name}`, false)
}

/** Layers as one tree; what is written goes to a folder that is removed afterwards. */
function overlayMount(
  preparing: Preparing,
  mount: MountOf<'bind'>,
  { layers }: MountLayers,
): PlacedMount {
  const { facts } = preparing.context
  const folder = nextFolder(preparing)
  const options = ['nodev', ...lowerOptions(layers, folder, facts.kernel)]
  if (mount.readWrite) {
    for (const name of ['upper', 'work']) mkdirSync(`${folder}/${name}`)
    options.push(`upperdir=${folder}/upper`, `workdir=${folder}/work`, 'volatile')
  }
  if (facts.rootless) options.push('userxattr')
  const spec = { ...plainMount('image', mount.target), readOnly: !mount.readWrite, options }
  return { spec, source: '' }
}

async function placeCache(preparing: Preparing, mount: MountOf<'cache'>): Promise<PlacedMount> {
  const { from } = mount
  const cache: CacheFolder = await openCache(preparing.context.folders.dataDir, {
    id: mount.id ?? mount.target,
    sharing: mount.sharing,
    mode: mount.mode ?? 0o755,
    uid: mount.uid ?? 0,
    gid: mount.gid ?? 0,
    signal: preparing.request.signal,
    fill: from && ((folder) => fillFrom(from, mount.source ?? '/', folder)),
  })
  preparing.releases.push(() => cache.release())
  return bindMount(mount.target, cache.path, mount.readOnly)
}

function placeTmpfs({ target, size }: MountOf<'tmpfs'>): PlacedMount {
  const spec = { ...plainMount('tmpfs', target), exec: true, tmpfsSize: size }
  return { spec, source: '' }
}

function placeSecret({ secrets }: Preparing, mount: MountOf<'secret'>): PlacedMount[] {
  if (mount.target === undefined) return []
  const { mode = 0o400, uid = 0, gid = 0 } = mount
  const path = secrets().add(mount.content, { mode, uid, gid })
  return [bindMount(mount.target, path, true)]
}

function nextFolder(preparing: Preparing): string {
  const folder = `${preparing.scratch}/${preparing.count++}`
  mkdirSync(folder)
  return folder
}
