import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperationError } from '../../../native/error.ts'

/**
 * Be the only one who holds the lock at `path`, until `release` or the end of the process, however it ends. A database
 * in an exclusive transaction is such a lock, and needs no system call that Node does not have.
 * @throws LOCKED
 */
export function holdLock(path: string): { release(): void } {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new OperationError(
      'LOCKED',
      'lock the data folder',
      { path },
      { cause, hint: 'Another server uses it; end that one first' },
    )
  }
  return { release: () => database.close() }
}
