import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { openDatabase } from './database.ts'
import { prepareStatements } from './statements.ts'

/** Clients that saw revisions after the backup must not meet the same number again with another content. */
const revisionGap = 1_000_000

/**
 * Put the backup at `backup` in the place of the store at `path`, which no server may have open. What was there is
 * kept beside it, with `.before-restore` after its name.
 * @throws INVALID_ARGUMENT when the backup is damaged or no store
 */
export function restoreSqliteStore(backup: string, path: string): void {
  if (!existsSync(backup)) throw new OperationError('NOT_FOUND', 'restore a backup', { backup })
  const copy = `${path}.restoring`
  removeDatabase(copy)
  copyFileSync(backup, copy)
  try {
    prepareCopy(copy)
  } catch (cause) {
    removeDatabase(copy)
    if (cause instanceof OperationError && cause.code !== 'INTERNAL') throw cause
    throw new OperationError('INVALID_ARGUMENT', 'restore a damaged backup', { backup }, { cause })
  }
  if (existsSync(path)) renameSync(path, `${path}.before-restore`)
  removeDatabase(path)
  renameSync(copy, path)
}

/** Opening the copy checks it. Let it go on after all revisions that anybody may have seen. */
function prepareCopy(copy: string): void {
  requireMade(copy)
  const database = openDatabase(copy)
  try {
    const statements = prepareStatements(database)
    const last = Number(statements.state.get('revision')?.['value'])
    if (!Number.isSafeInteger(last) || last < 0) throw new Error('it has no revision')
    const revision = last + revisionGap
    statements.setState.run(revision, 'revision')
    statements.setState.run(revision, 'compacted')
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}

/** https://www.sqlite.org/fileformat.html#the_database_header: size, and the place of `user_version`. */
const headerSize = 100
const versionAt = 60

/** What is empty is made a store by opening it: a backup that was cut off would be one of nothing. */
function requireMade(copy: string): void {
  const header = Buffer.alloc(headerSize)
  const file = openSync(copy, 'r')
  try {
    const size = readSync(file, header)
    if (size < headerSize || header.readInt32BE(versionAt) === 0) throw new Error('it is no store')
  } finally {
    closeSync(file)
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}
