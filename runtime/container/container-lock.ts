import { existsSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { lock } from '../../native/lock.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import { isSystemError } from '../../native/system-error.ts'

/** How long one command waits for another that works on the same container, ms. */
const patienceMs = 60_000

/**
 * Do `work` while no other command changes the container. Reading its state needs no lock.
 *
 * @throws {OperationError} `NOT_FOUND` where it was removed meanwhile, `LOCKED` after a minute
 */
export async function withContainerLock<T>(
  folders: EngineFolders,
  id: string,
  work: () => Promise<T>,
): Promise<T> {
  const path = containerFolder(folders, id).lock
  try {
    using _held = await lock(path, 'exclusive', patienceMs)
    return await work()
  } catch (error) {
    if (isSystemError(error, 'ENOENT') && !existsSync(path))
      throw new OperationError('NOT_FOUND', `no such container: ${id.slice(0, 12)}`)
    throw error
  }
}
