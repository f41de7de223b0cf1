import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { holdLock } from '../../../../orchestrator/store/sqlite/hold-lock.ts'
import { openSqliteStore } from '../../../../orchestrator/store/sqlite/sqlite-store.ts'
import { restoreSqliteStore } from '../../../../orchestrator/store/sqlite/restore.ts'
import { runStoreSuite } from '../store-suite.ts'
import { openTemporaryStore } from './temporary-store.ts'

runStoreSuite('sqlite', () => openTemporaryStore())
// With nothing kept in memory, watches read the history.
runStoreSuite('sqlite without a cache', () => openTemporaryStore({ events: 0, characters: 0 }))

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'store-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

t.test('a writer that is killed loses nothing that was acknowledged', async (t) => {
  const folder = temporaryFolder()
  for (let round = 0; round < 3; round++) {
    const path = join(folder, `${round}.db`)
    const writer = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const acknowledged: string[] = []
    const lines = createInterface({ input: writer.stdout })
    lines.on('line', (key) => {
      acknowledged.push(key)
      if (acknowledged.length === 40 * (round + 1)) writer.kill('SIGKILL')
    })
    await Promise.all([once(writer, 'exit'), once(lines, 'close')])
    const store = openSqliteStore(path)
    const kept = new Set((await store.list('/')).entries.map(({ key }) => key))
    t.same(
      acknowledged.filter((key) => !kept.has(key)),
      [],
    )
    t.equal(await store.currentRevision(), kept.size, 'no revision without its key')
    await store.close()
  }
})

t.test('a backup is made while others write, and restored', async (t) => {
  const folder = temporaryFolder()
  const path = join(folder, 'store.db')
  const store = openSqliteStore(path)
  await store.create('/a', 'kept')
  const [, revision] = await Promise.all([
    store.backup(join(folder, 'copy')),
    store.create('/b', 'x'),
  ])
  await store.close()
  restoreSqliteStore(join(folder, 'copy'), path)
  const restored = openSqliteStore(path)
  t.match(await restored.get('/a'), { value: 'kept' })
  t.ok((await restored.currentRevision()) > revision, 'revisions do not go back')
  await t.rejects(restored.watch('/', revision, { onEvents: () => undefined }), { code: 'EXPIRED' })
  await restored.close()
})

t.test('a file that is no store is refused', async (t) => {
  const path = join(temporaryFolder(), 'store.db')
  writeFileSync(path, 'x'.repeat(8192))
  t.throws(() => openSqliteStore(path), { code: 'INVALID_ARGUMENT', detail: { path } })
})

t.test('a lock is held by one', async (t) => {
  const path = join(temporaryFolder(), 'server.lock')
  const lock = holdLock(path)
  t.throws(() => holdLock(path), { code: 'LOCKED' })
  lock.release()
  holdLock(path).release()
})
