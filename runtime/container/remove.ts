import { existsSync, renameSync, rmSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { RemoveOptions } from '../cli/engine.ts'
import { containerFolder, containerFolderAt, removedFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { releaseName } from './name-registry.ts'
import { dependentsOf, forgetDependent, refuseRequired } from './dependents.ts'
import { decideOwnVolumes, removeOwnVolumes } from './own-volumes.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { resolveContainer } from './record-store.ts'
import { settle } from './settle.ts'
import { killContainerNow, stopContainer } from './stop.ts'
import { releaseUserRange } from './user-range.ts'

/**
 * Remove a container with its writable layer and logs; by force also one that runs, or that others require.
 *
 * @throws {OperationError} `NOT_FOUND`; `BAD_STATE` for a running or required one without force
 */
export async function removeContainer(
  context: EngineContext,
  reference: string,
  options: RemoveOptions,
): Promise<void> {
  const record = resolveContainer(context.folders, reference)
  refuseRequired(context.folders, record, options.force)
  try {
    // With force until it is so: a start that was under way when we looked runs by the time we have the lock.
    while (!(await removeOnceEnded(context, record, options))) continue
  } catch (error) {
    // With --rm the monitor removes it too, once it has ended: who came first does not matter.
    const isGone = !existsSync(containerFolder(context.folders, record.id).path)
    if (!(record.options.rm && options.force && isGone)) throw error
  }
  publishContainerEvent(context.folders, record, 'destroy')
}

/**
 * The same with all containers that require it, running or not, those first.
 *
 * @returns ids of the others, in the order of their removal
 * @throws {OperationError} as `removeContainer`
 */
export async function removeWithDependents(
  context: EngineContext,
  reference: string,
  options: RemoveOptions,
): Promise<string[]> {
  const { folders } = context
  const removed: string[] = []
  for (const id of dependentsOf(folders, resolveContainer(folders, reference)))
    // A cycle cannot be made: what is required is there before whoever requires it.
    if (!removed.includes(id))
      removed.push(...(await removeWithDependents(context, id, options)), id)
  await removeContainer(context, reference, options)
  return removed
}

/** @returns whether it was removed; with force not where it was started meanwhile */
async function removeOnceEnded(
  context: EngineContext,
  record: ContainerRecord,
  options: RemoveOptions,
): Promise<boolean> {
  const { folders } = context
  await endIfAllowed(context, record, options)
  return withContainerLock(folders, record.id, async () => {
    const { status } = readState(folders, record)
    const isLive = status === 'running' || status === 'paused'
    if (isLive && options.force) return false
    if (isLive) throw stillRuns(record, status)
    settle(folders, record)
    discard(context, record, options.volumes || record.options.rm)
    return true
  })
}

async function endIfAllowed(
  context: EngineContext,
  record: ContainerRecord,
  options: RemoveOptions,
): Promise<void> {
  const { status, pid } = readState(context.folders, record)
  const isDamagedButRuns = status === 'dead' && pid !== 0
  const isLive = status === 'running' || status === 'paused' || status === 'restarting'
  if (!isLive && !isDamagedButRuns) return
  if (!options.force) throw stillRuns(record, status)
  if (status === 'restarting' || options.timeout !== undefined)
    await stopContainer(context, record.id, { timeout: options.timeout })
  else {
    const { requestStop } = await import('./monitor-files.ts')
    requestStop(containerFolder(context.folders, record.id).state)
    await killContainerNow(context, record)
  }
}

function stillRuns(record: ContainerRecord, status: string): OperationError {
  return new OperationError(
    'BAD_STATE',
    `remove the container ${record.name}`,
    { status },
    { hint: `Stop it first, or use force: mycontainer rm -f ${record.name}`, exitCode: 1 },
  )
}

/** Out of sight in one step, then deleted: a removal that is cut off leaves nothing half there. */
function discard({ folders }: EngineContext, record: ContainerRecord, volumes: boolean): void {
  const folder = containerFolder(folders, record.id)
  const grave = removedFolder(folders, record.id)
  decideOwnVolumes(folder, record, volumes)
  renameSync(folder.path, grave)
  releaseName(folders, record.name, record.id)
  releaseUserRange(folders, record.id)
  if (record.options.requires) forgetDependent(folders, record.id)
  removeOwnVolumes(folders.dataDir, containerFolderAt(grave))
  rmSync(grave, { recursive: true, force: true })
}
