import { closeSync, openSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { openAt, openFlags } from '../../native/file.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { openMergedRoot } from '../../rootfs/merged-root.ts'
import { openWritableRoot } from '../../rootfs/writable-root.ts'
import type { Config, IdMapping } from '../spec/config.ts'
import { parseJson } from '../spec/json.ts'
import { containerFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import { readTextIfPresent } from './durable-file.ts'
import type { EngineContext } from './engine-context.ts'
import type { FileView, ViewMount } from './file-view/file-view.ts'
import { toRaw } from '../../native/raw-text.ts'
import type { EngineFolders } from './folders.ts'
import { isProcessAlive } from './process-identity.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { rootOfRecord } from './resolve-image.ts'
import { mountVolumes, unmountUnused } from './volume-mounts.ts'

// A container's files from outside. Those of a running one are reached through the root of its
// init, with all its mounts, because its writable folder must never be mounted twice. Those of
// another one are joined for the purpose, in a mount that no table lists.

/**
 * Work on the files of a container. One that does not run is locked meanwhile, so that it cannot
 * start on the same writable folder.
 *
 * @param wish.write false: what is read may come without the lower cost of a writable overlay
 */
export async function withContainerRoot<T>(
  context: EngineContext,
  record: ContainerRecord,
  wish: { readonly write: boolean },
  work: (view: FileView) => Promise<T>,
): Promise<T> {
  const running = openRunningRoot(context.folders, record)
  if (running) return useView(running, work)
  return withContainerLock(context.folders, record.id, async () => {
    const view =
      openRunningRoot(context.folders, record) ?? (await openStoppedRoot(context, record, wish))
    return useView(view, work)
  })
}

async function useView<T>(view: FileView, work: (view: FileView) => Promise<T>): Promise<T> {
  try {
    return await work(view)
  } finally {
    view.close()
  }
}

/** @returns undefined where it does not run */
export function openRunningRoot(
  folders: EngineFolders,
  record: ContainerRecord,
): FileView | undefined {
  const { status, pid, pidStartTime } = readState(folders, record)
  // One that is only starting may still have the host's root.
  if (pid <= 0 || (status !== 'running' && status !== 'paused')) return undefined
  let root: number
  try {
    root = openSync(`/proc/${pid}/root`, openFlags.path | openFlags.directory)
  } catch {
    return undefined
  }
  // The number may have gone to another process before we opened it, not after: that is looked at now.
  if (!isProcessAlive(pid, Number(pidStartTime))) {
    closeSync(root)
    return undefined
  }
  return {
    root,
    isWritable: true,
    mounts: [],
    ...mappingsOf(folders, record),
    close: closing(root),
  }
}

/** The caller holds the container's lock for as long as the view is open. */
export async function openStoppedRoot(
  context: EngineContext,
  record: ContainerRecord,
  wish: { readonly write: boolean },
): Promise<FileView> {
  const { folders } = context
  const leases = mountVolumes(folders, record)
  const giveBack = (): void => {
    for (const lease of leases) unlinkIfPresent(lease)
    if (leases.length > 0) unmountUnused(folders)
  }
  try {
    const root = await openOwnRoot(context, record, wish)
    return {
      root,
      isWritable: !record.options.readOnly,
      mounts: record.mounts.flatMap(viewMount),
      ...mappingsOf(folders, record),
      close() {
        closeSync(root)
        giveBack()
      },
    }
  } catch (error) {
    giveBack()
    throw error
  }
}

async function openOwnRoot(
  context: EngineContext,
  record: ContainerRecord,
  wish: { readonly write: boolean },
): Promise<number> {
  const { folders } = context
  const { options } = record
  if (options.rootfs) return openSync(options.image, openFlags.path | openFlags.directory)
  const willBeMapped =
    options.namespaces.user.kind !== 'host' || options.namespaces.uidMaps.length > 0
  const isMapped = mappingsOf(folders, record).uidMappings.length > 0
  if (wish.write && (isMapped || willBeMapped)) throw mappedError(record)
  const { layerFolders } = await rootOfRecord(context, record.imageId, options)
  const { upper, work } = containerFolder(folders, record.id)
  const { descriptor } = wish.write
    ? openWritableRoot(layerFolders, { upper, work })
    : openMergedRoot([...layerFolders, upper])
  return descriptor
}

function closing(descriptor: number): () => void {
  return () => closeSync(descriptor)
}

/** What is kept in a tmpfs is gone, so only folders of the host are there. */
function viewMount({
  type,
  source,
  destination,
  readWrite,
}: ContainerRecord['mounts'][number]): ViewMount[] {
  if (type !== 'bind' && type !== 'volume') return []
  const open = (): number => openAt(-100, source, openFlags.path)
  return [{ destination: toRaw(destination), isWritable: readWrite, open }]
}

export interface OwnerMappings {
  readonly uidMappings: readonly IdMapping[]
  readonly gidMappings: readonly IdMapping[]
}

/** Those of the last start: written by this program, and readable by nobody else. */
export function mappingsOf(folders: EngineFolders, record: ContainerRecord): OwnerMappings {
  const text = readTextIfPresent(containerFolder(folders, record.id).config)
  const linux = text === undefined ? undefined : (parseJson(text) as Config).linux
  return { uidMappings: linux?.uidMappings ?? [], gidMappings: linux?.gidMappings ?? [] }
}

function mappedError({ name }: ContainerRecord): OperationError {
  return new OperationError(
    'UNSUPPORTED',
    `write into the stopped container ${name}`,
    { reason: 'it has a user namespace of its own' },
    { hint: 'Start it first', exitCode: 1 },
  )
}
