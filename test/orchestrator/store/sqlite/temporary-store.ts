import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../../../../orchestrator/store/sqlite/sqlite-store.ts'
import type { EventLogLimits } from '../../../../orchestrator/store/event-log.ts'
import type { StoreUnderTest } from '../store-suite.ts'

/** A SQLite store in a folder of its own. */
export async function openTemporaryStore(limits?: EventLogLimits): Promise<StoreUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'store-'))
  const path = join(folder, 'store.db')
  let store = openSqliteStore(path, limits)
  return {
    store,
    reopen: async () => {
      await store.close()
      return (store = openSqliteStore(path, limits))
    },
    remove: async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}
