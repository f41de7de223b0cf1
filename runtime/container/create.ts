import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError, hasCode } from '../../native/error.ts'
import { holdImage } from '../../rootfs/store/image-use.ts'
import { type ContainerFolder, containerFolder, logFileName } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent, publishVolumeEvent } from './events.ts'
import type { EngineFolders } from './folders.ts'
import { newContainerId, timestamp } from './identifier.ts'
import { claimName, findName, releaseName } from './name-registry.ts'
import { resolveConfig } from './oci-config/resolve-config.ts'
import { resolveUser } from './oci-config/resolve-user.ts'
import { noteOwnVolume } from './own-volumes.ts'
import type { ContainerOptions } from './options.ts'
import { parseName } from './parse/name.ts'
import { forgetDependent, noteDependent } from './dependents.ts'
import { removeAnonymous, resolveMounts } from './place-mounts.ts'
import { randomName } from './random-name.ts'
import type { ContainerRecord, ResolvedMount } from './record.ts'
import { beginRecord, isBeingMade, publishRecord, resolveContainer } from './record-store.ts'
import { resolveImage, withImplicitHost } from './resolve-image.ts'
import { requireNamespaces } from './rootless-start.ts'
import { withSystemdMode } from './systemd-mode.ts'
import { isSystemError } from '../../native/system-error.ts'
import { withVolumesFrom } from './volumes-from.ts'

/**
 * Make a container, not yet started. Either all of it exists afterwards or nothing does.
 *
 * @param isDryRun it will be taken back at once: nobody is told of it
 * @throws {OperationError} `NOT_FOUND` (image), `ALREADY_EXISTS` (name, cidfile), `INVALID_ARGUMENT`
 */
export async function createContainer(
  context: EngineContext,
  wanted: ContainerOptions,
  isDryRun = false,
): Promise<ContainerRecord> {
  requireNamespaces(context)
  const { folders } = context
  const given = withVolumesFrom(folders, withImplicitHost(wanted))
  const source = await resolveImage(context, given)
  for (const name of given.requires ?? []) resolveContainer(folders, name)
  for (const { container } of given.network.links ?? []) resolveContainer(folders, container)
  // Looked up anew at each start: better told now than then.
  if (given.cdiDevices) (await import('../cdi/find-devices.ts')).cdiEdits(given.cdiDevices)
  const resolved = resolveConfig(given, source.config)
  const options = withSystemdMode(given, resolved)
  const id = newContainerId()
  const cidfile = options.cidfile === undefined ? undefined : claimCidfile(options.cidfile, id)
  let name: string | undefined
  let being: ContainerFolder | undefined
  let mounts: readonly ResolvedMount[] = []
  try {
    being = beginRecord(folders, id)
    if (options.replace) await removeHolder(context, options.name)
    name = await claimNameOrRepair(context, options.name, id)
    const maker = being
    mounts = await resolveMounts(folders, options, source.config.volumes, {
      announce: (volume) => noteOwnVolume(maker, volume),
      onMade(volume) {
        if (!isDryRun) publishVolumeEvent(folders, 'create', volume)
      },
      async fill(destination, folder) {
        const { fillVolume } = await import('./fill-volumes.ts')
        await fillVolume(source.layerFolders, destination, folder)
      },
    })
    if (options.mounts.some(({ chown }) => chown)) {
      const { chownSources } = await import('./chown-sources.ts')
      chownSources(options, mounts, resolveUser(resolved.user, [], source))
    }
    for (const path of foldersOf(being, options)) mkdirSync(path, { mode: 0o755 })
    if (options.secrets) {
      const { copySecrets } = await import('./secrets.ts')
      copySecrets(folders.dataDir, being, options.secrets)
    }
    const record = describe(folders, {
      id,
      name,
      options,
      resolved,
      mounts,
      imageId: source.imageId,
    })
    // From here on whoever removes images sees that this one is used.
    using _held = await holdImageOf(context, record)
    if (options.requires) noteDependent(folders, id)
    publishRecord(folders, being, record, !options.rm)
    if (!isDryRun) publishContainerEvent(folders, record, 'create')
    return record
  } catch (error) {
    removeAnonymous(folders, mounts)
    // It may have been published before something failed.
    for (const path of being ? [being.path, containerFolder(folders, id).path] : [])
      rmSync(path, { recursive: true, force: true })
    if (options.requires) forgetDependent(folders, id)
    if (name !== undefined) releaseName(folders, name, id)
    if (cidfile !== undefined) unlinkIfPresent(cidfile)
    throw error
  }
}

function foldersOf({ upper, work, logs }: ContainerFolder, { log }: ContainerOptions): string[] {
  return log.driver === 'none' ? [upper, work] : [upper, work, logs]
}

/** @throws {OperationError} `NOT_FOUND` where the image was removed since it was looked up */
async function holdImageOf(
  context: EngineContext,
  { imageId, imageReference }: ContainerRecord,
): Promise<Disposable | undefined> {
  if (imageId === '') return undefined
  const held = holdImage(await context.images(), imageId)
  if (held) return held
  throw new OperationError(
    'NOT_FOUND',
    `no such image any more: ${imageReference}`,
    { image: imageId },
    { hint: 'It was removed a moment ago; get it again' },
  )
}

function describe(
  folders: EngineFolders,
  made: Pick<ContainerRecord, 'id' | 'name' | 'options' | 'resolved' | 'mounts' | 'imageId'>,
): ContainerRecord {
  const folder = containerFolder(folders, made.id)
  const usesHostsFile = !made.options.network.noHosts
  return {
    version: 1,
    ...made,
    created: timestamp(),
    imageReference: made.options.image,
    bundlePath: folder.path,
    configPath: folder.config,
    rootfsPath: made.options.rootfs ? made.options.image : join(folder.path, 'merged'),
    logPath: made.options.log.driver === 'none' ? '' : join(folder.logs, logFileName),
    hostnamePath: folder.hostname,
    hostsPath: usesHostsFile ? folder.hosts : '',
    resolvConfPath: folder.resolvConf,
    cgroupPath: cgroupPathOf(made.options, made.id),
  }
}

function cgroupPathOf(options: ContainerOptions, id: string): string {
  const parent = options.cgroupParent
  return parent === undefined ? `/mycontainer/${id}` : join('/', parent, id)
}

/** `--replace`: whoever has the name goes, running or not. */
async function removeHolder(context: EngineContext, name: string | undefined): Promise<void> {
  const holder = name === undefined ? undefined : findName(context.folders, name)
  if (holder === undefined) return
  const { removeContainer } = await import('./remove.ts')
  try {
    await removeContainer(context, holder, { force: true, volumes: false })
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND')) throw error
  }
}

/** A name may be held by what a killed process of ours left: that is put in order first. */
async function claimNameOrRepair(
  context: EngineContext,
  wanted: string | undefined,
  id: string,
): Promise<string> {
  try {
    return claimSomeName(context.folders, wanted, id)
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'ALREADY_EXISTS') throw error
    const { repair } = await import('./list.ts')
    await repair(context)
    return claimSomeName(context.folders, wanted, id)
  }
}

function claimSomeName(folders: EngineFolders, wanted: string | undefined, id: string): string {
  const beingMade = (other: string): boolean => isBeingMade(folders, other)
  if (wanted !== undefined) {
    const name = parseName('container', wanted)
    claimName(folders, name, id, beingMade)
    return name
  }
  for (let attempt = 0; ; attempt++) {
    const name = attempt < 20 ? randomName() : `${randomName()}_${id.slice(0, 6)}`
    try {
      claimName(folders, name, id, beingMade)
      return name
    } catch (error) {
      if (!(error instanceof OperationError) || attempt > 20) throw error
    }
  }
}

function claimCidfile(path: string, id: string): string {
  try {
    const file = openSync(path, 'wx', 0o644)
    writeSync(file, id)
    closeSync(file)
    return path
  } catch (cause) {
    if (isSystemError(cause, 'EEXIST'))
      throw new OperationError(
        'ALREADY_EXISTS',
        'write the container id file',
        { path },
        { hint: 'Remove the file, or choose another with --cidfile' },
      )
    throw new OperationError('INVALID_ARGUMENT', 'write the container id file', { path }, { cause })
  }
}
