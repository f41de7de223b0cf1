import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { explainFailure, isBusy, isNoDatabase } from './store-failure.ts'

/**
 * Be the only one who holds the lock at `path`, until `release` or the end of the process, however it ends. A database
 * in an exclusive transaction is such a lock, and needs no system call that Node does not have.
 * @throws {OperationError} LOCKED, SYSCALL_FAILED
 */
export function holdLock(path: string): { release(): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    return take(path)
  } catch (error) {
    if (!isNoDatabase(error)) throw explain(error, path)
  }
  // There is nothing in it that anybody needs, and whoever held it would have been met first.
  rmSync(path)
  try {
    return take(path)
  } catch (error) {
    throw explain(error, path)
  }
}

function explain(cause: unknown, path: string): unknown {
  if (!isBusy(cause)) return explainFailure(cause, path)
  const hint = 'Another server uses it; end that one first'
  return new OperationError('LOCKED', 'lock the data folder', { path }, { cause, hint })
}

function take(path: string): { release(): void } {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw error
  }
  return { release: () => database.close() }
}
