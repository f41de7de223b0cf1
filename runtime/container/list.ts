import { type Dirent, existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import type { Container, ListOptions } from '../cli/engine.ts'
import { containerFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import type { EngineContext } from './engine-context.ts'
import { interruptedStart, isInterrupted, readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { isBeingMade, listRecords, removeAbandoned, resolveContainer } from './record-store.ts'
import { removeContainer } from './remove.ts'
import { rootOfRecord } from './resolve-image.ts'
import { settle } from './settle.ts'
import { findStartRecord, writeStartRecord } from './start-record.ts'
import { sweepNames } from './name-registry.ts'
import { sweepLeases } from './sweep-leases.ts'
import { recordUnseenEnd } from './unseen-end.ts'
import { sweepUserRanges } from './user-range.ts'
import { unmountUnused } from './volume-mounts.ts'

/** Containers, newest first; those that ended only when asked for. */
export async function listContainers(
  context: EngineContext,
  options: ListOptions,
): Promise<Container[]> {
  await repair(context)
  const containers: Container[] = []
  for (const record of listRecords(context.folders)) {
    const state = readState(context.folders, record)
    const isLive =
      state.status === 'running' || state.status === 'paused' || state.status === 'restarting'
    if (!isLive && !options.all) continue
    const size = options.size ? { size: await sizeOf(context, record) } : {}
    containers.push({ record, state, ...size })
  }
  return containers.toSorted((a, b) => (a.record.created < b.record.created ? 1 : -1))
}

export async function inspectContainer(
  context: EngineContext,
  reference: string,
  wantsSize: boolean,
): Promise<Container> {
  const record = resolveContainer(context.folders, reference)
  const state = readState(context.folders, record)
  return wantsSize ? { record, state, size: await sizeOf(context, record) } : { record, state }
}

/**
 * Finish what a killed process of ours left half done: folders of containers that were being made
 * or removed, and `--rm` containers whose monitor could not remove them.
 */
export async function repair(context: EngineContext): Promise<void> {
  removeAbandoned(context.folders)
  for (const record of listRecords(context.folders)) {
    if (isInterrupted(context.folders, record)) await giveUpStart(context, record)
    await recordUnseenEnd(context, record)
    if (!record.options.rm) continue
    const { status, monitorPid } = readState(context.folders, record)
    const isOver = status === 'exited' || hasFailed(context, record)
    if (isOver && monitorPid === 0)
      await removeContainer(context, record.id, { force: true, volumes: true })
  }
  sweepNames(context.folders, (id) => isBeingMade(context.folders, id))
  sweepLeases(context.folders)
  unmountUnused(context.folders)
  sweepUserRanges(context.folders, (id) => existsSync(containerFolder(context.folders, id).path))
}

/** Groups, addresses and ports of a start that nobody works on any more. */
async function giveUpStart({ folders }: EngineContext, record: ContainerRecord): Promise<void> {
  await withContainerLock(folders, record.id, async () => {
    if (!isInterrupted(folders, record)) return
    settle(folders, record)
    const folder = containerFolder(folders, record.id)
    const start = findStartRecord(folder)
    const { error: message, exitCode } = interruptedStart
    const failure = { message, exitCode }
    if (start) writeStartRecord(folder, { ...start, failure }, false)
  })
}

function hasFailed({ folders }: EngineContext, record: ContainerRecord): boolean {
  return findStartRecord(containerFolder(folders, record.id))?.failure !== undefined
}

async function sizeOf(
  context: EngineContext,
  record: ContainerRecord,
): Promise<{ writable: number; total: number }> {
  const writable = folderBytes(containerFolder(context.folders, record.id).upper)
  const folders = await layersOf(context, record)
  const layers = folders.reduce((sum, folder) => sum + folderBytes(folder), 0)
  return { writable, total: writable + layers }
}

/** None where the image is gone, or is one that a build is just making. */
async function layersOf(
  context: EngineContext,
  { imageId, options }: ContainerRecord,
): Promise<readonly string[]> {
  try {
    return (await rootOfRecord(context, imageId, options)).layerFolders
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return []
    throw error
  }
}

/** Bytes of the files below a folder; what is removed meanwhile, or was half removed, has none. */
export function folderBytes(folder: string): number {
  let sum = 0
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name)
    sum += entry.isDirectory()
      ? folderBytes(path)
      : (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0)
  }
  return sum
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
