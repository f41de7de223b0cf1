import type { Command } from 'commander'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'

interface Flags {
  readonly dataDir: string
}

const folderFlag = ['--data-dir <folder>', 'data folder of the server', '/var/lib/myorch'] as const

function storePath(dataDir: string): string {
  return join(dataDir, 'store.db')
}

export function addBackup(program: Command): void {
  program
    .command('backup <file>')
    .description('Copy the store to a file, also while the server runs')
    .option(...folderFlag)
    .action(async (file: string, { dataDir }: Flags) => {
      const path = storePath(dataDir)
      if (!existsSync(path)) throw new OperationError('NOT_FOUND', 'back up the store', { path })
      if (existsSync(file)) throw new OperationError('ALREADY_EXISTS', 'write the backup', { file })
      const { openSqliteStore } = await import('../store/sqlite/sqlite-store.ts')
      const store = openSqliteStore(path)
      try {
        await store.backup(file)
      } finally {
        await store.close()
      }
    })
}

export function addRestore(program: Command): void {
  program
    .command('restore <file>')
    .description('Put a backup in the place of the store; the server must not run')
    .option(...folderFlag)
    .action(async (file: string, { dataDir }: Flags) => {
      const { holdLock } = await import('../store/sqlite/hold-lock.ts')
      const { restoreSqliteStore } = await import('../store/sqlite/restore.ts')
      const lock = holdLock(join(dataDir, 'server.lock'))
      try {
        restoreSqliteStore(file, storePath(dataDir))
      } finally {
        lock.release()
      }
    })
}
