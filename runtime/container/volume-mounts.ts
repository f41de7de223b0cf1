import { existsSync, mkdirSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockSync } from '../../native/lock.ts'
import { isSystemError } from '../../native/system-error.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { isMountPoint, mountVolume, unmountVolume } from '../volume/mount-volume.ts'
import { planVolume } from '../volume/volume-plan.ts'
import { findVolume } from '../volume/volume-store.ts'
import type { EngineFolders } from './folders.ts'
import { mayHoldLeases } from './holds-leases.ts'
import type { ContainerRecord } from './record.ts'

// Volumes that are file systems of their own are mounted as long as a container uses them: each has a
// file volume-mounts/VOLUME/CONTAINER in the run folder, which its monitor unlinks when it has ended. The mount goes
// with the next command that looks, and a tmpfs begins anew with the first container after that.

function usersFolder({ runDir }: EngineFolders): string {
  return join(runDir, 'volume-mounts')
}

/**
 * Mount what a container's volumes need. The caller holds its lock.
 *
 * @returns files that say so, to be unlinked when the container has ended
 * @throws {OperationError} `SYSCALL_FAILED`; what was mounted until then goes with the next sweep
 */
export function mountVolumes(folders: EngineFolders, record: ContainerRecord): string[] {
  const leases: string[] = []
  try {
    for (const { name } of record.mounts) {
      const lease = name === undefined ? undefined : mountFor(folders, record.id, name)
      if (lease !== undefined) leases.push(lease)
    }
    return leases
  } catch (error) {
    for (const lease of leases) unlinkIfPresent(lease)
    throw error
  }
}

function mountFor(folders: EngineFolders, id: string, name: string): string | undefined {
  const volume = findVolume(folders.dataDir, name)
  const plan = volume && planVolume(volume.options)
  if (!plan || plan.kind === 'bind') return undefined
  const users = join(usersFolder(folders), name)
  mkdirSync(users, { recursive: true, mode: 0o700 })
  using _held = lockSync(`${users}.lock`)
  if (plan.kind === 'mount' && plan.type === 'tmpfs' && !isUsed(folders, users, id))
    unmountVolume(volume)
  if (!isMountPoint(volume.mountpoint)) mountVolume(volume, plan)
  mkdirSync(users, { recursive: true, mode: 0o700 })
  const lease = join(users, id)
  writeFileSync(lease, '', { mode: 0o600 })
  return lease
}

/** Whether another container has it; files of those that have ended are removed. */
function isUsed(folders: EngineFolders, users: string, but?: string): boolean {
  const others = readdirSync(users).filter((id) => id !== but)
  const gone = others.filter((id) => !mayHoldLeases(folders, id))
  for (const id of gone) rmSync(join(users, id), { force: true })
  return gone.length < others.length
}

/** Unmount volumes that no container uses any more. What resists is left to the next sweep. */
export function unmountUnused(folders: EngineFolders): void {
  const parent = usersFolder(folders)
  if (!existsSync(parent)) return
  for (const name of readdirSync(parent)) {
    if (name.endsWith('.lock')) continue
    using _held = lockSync(join(parent, `${name}.lock`))
    const users = join(parent, name)
    const volume = findVolume(folders.dataDir, name)
    try {
      if (!isUsed(folders, users) && (!volume || unmountVolume(volume))) rmdirSync(users)
    } catch (error) {
      if (!isSystemError(error, 'ENOENT') && !isSystemError(error, 'ENOTEMPTY')) throw error
    }
  }
}
