import { existsSync, rmSync, rmdirSync } from 'node:fs'
import { OperationError, hasCode } from '../../native/error.ts'
import { emptyGroup, removeGroup } from '../cgroup/remove-group.ts'
import { waitUntil } from '../cgroup/wait-until.ts'
import { isProcessAlive } from '../container/process-identity.ts'
import type { Config } from '../spec/config.ts'
import { type OciContainer, type OciRecord, ownGroups, readContainer } from './oci-record.ts'
import { readProcessFile } from './process-file.ts'
import { leaveRdt } from './intel-rdt.ts'
import { runPoststopHooks } from './run-hooks.ts'
import { type StateFolder, stateFolder } from './state-folder.ts'
import { signalContainer } from './signal-container.ts'
import { readStoredConfig } from './stored-config.ts'

export interface DeleteOptions {
  readonly force: boolean
  readonly warn: (message: string) => void
  /** Of a container that was never created nobody is told. */
  readonly withoutHooks?: boolean
}

/** How long a killed container may take to die, ms. */
const deathMs = 10_000

/**
 * `delete`: take away what is left of a container that has ended; with `force` end it before.
 *
 * @throws {OperationError} `BAD_STATE` where it runs; `NOT_FOUND`, unless forced; `TIMEOUT` where it does not die
 */
export async function deleteContainer(
  root: string,
  id: string,
  options: DeleteOptions,
): Promise<void> {
  const container = await find(root, id, options.force)
  if (container === undefined) return
  const { status, folder } = container
  if (!options.force && status !== 'stopped')
    throw new OperationError(
      'BAD_STATE',
      `cannot delete container ${id} that is not stopped: ${status}`,
      {},
      { hint: 'Kill it first, or use --force' },
    )
  end(root, container)
  removeGroups(container.record)
  if (container.record.rdt) leaveRdt(container.record.rdt)
  const config = readConfig(container)
  await removeFolder(folder)
  if (options.withoutHooks !== true)
    runPoststopHooks(config?.hooks?.poststop, container.record, options.warn)
}

function removeGroups({ cgroup, unit }: OciRecord): void {
  if (!cgroup) return
  emptyGroup(cgroup)
  removeGroup(ownGroups(cgroup, unit))
}

/** The folder may hold a mount of the container's root, which must not be emptied with it. */
async function removeFolder({ path, mounted }: StateFolder): Promise<void> {
  if (existsSync(mounted)) {
    const { unmountLazily } = await import('../../native/mount-tree.ts')
    // An error says that nothing is mounted, or, in another namespace, that this goes with the folder.
    unmountLazily(mounted)
    rmdirSync(mounted)
  }
  rmSync(path, { recursive: true, force: true })
}

async function find(root: string, id: string, force: boolean): Promise<OciContainer | undefined> {
  try {
    return readContainer(root, id)
  } catch (error) {
    if (!force || !hasCode(error, 'NOT_FOUND')) throw error
    // What a command that was killed half-way has made.
    await removeFolder(stateFolder(root, id))
    return undefined
  }
}

function end(root: string, { pid, folder }: OciContainer): void {
  if (pid === 0) return
  const known = readProcessFile(folder.process)
  signalContainer(root, folder.id, 'KILL', false)
  const isGone = (): boolean => !known || !isProcessAlive(known.pid, known.startTicks)
  if (waitUntil(isGone, deathMs)) return
  throw new OperationError(
    'TIMEOUT',
    'end the container',
    { id: folder.id, pid },
    { hint: 'It sleeps inside the kernel (state D); see /proc/PID/stack and try again later' },
  )
}

function readConfig({ folder }: OciContainer): Config | undefined {
  try {
    return readStoredConfig(folder)
  } catch {
    return undefined // Damaged: then its hooks cannot be known, and it must go all the same.
  }
}
