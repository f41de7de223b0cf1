import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
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
  const database = openDatabase(copy)
  try {
    const check = database.prepare('PRAGMA integrity_check').get()?.['integrity_check']
    if (check !== 'ok')
      throw new OperationError('INVALID_ARGUMENT', 'restore a damaged backup', {
        backup,
        check: String(check),
      })
    const statements = prepareStatements(database)
    const revision = Number(statements.state.get('revision')?.['value']) + revisionGap
    statements.setState.run(revision, 'revision')
    statements.setState.run(revision, 'compacted')
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
  if (existsSync(path)) renameSync(path, `${path}.before-restore`)
  removeDatabase(path)
  renameSync(copy, path)
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}
