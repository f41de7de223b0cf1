import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hasCode } from '../../../../native/error.ts'
import { openSqliteStore } from '../../../../orchestrator/store/sqlite/sqlite-store.ts'
import { seededRandom } from '../../../chaos/random.ts'

// Bits that are others in the files of a store: it is refused, or what is read is what was written. Never anything else.

const folder = mkdtempSync(join(tmpdir(), 'store-damage-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const suffixes = ['', '-wal', '-shm']
const last = 41

/** What a store has that was killed: writes of each kind, in database and log. */
function makeKilled(path: string, isCheckpointed: boolean): void {
  const file = JSON.stringify(
    join(import.meta.dirname, '../../../../orchestrator/store/sqlite/sqlite-store.ts'),
  )
  const script = `
    const { openSqliteStore } = await import(${file})
    const store = openSqliteStore(${JSON.stringify(path)})
    for (let at = 0; at < 30; at++) await store.create('/k/' + at, 'value ' + at + ' ' + 'x'.repeat(700))
    for (let at = 0; at < 5; at++) await store.delete('/k/' + at, at + 1)
    await store.compact(10)
    for (let at = 20; at < 26; at++) await store.update('/k/' + at, 'other ' + at, at + 1)
    ${isCheckpointed ? 'await store.close()' : ''}
    process.kill(process.pid, 'SIGKILL')
  `
  const { signal, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  )
  if (signal !== 'SIGKILL') throw new Error(stderr)
}

function copyStore(from: string, to: string): void {
  for (const suffix of suffixes) {
    rmSync(to + suffix, { force: true })
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix)
  }
}

async function readAll(path: string): Promise<string> {
  const store = openSqliteStore(path)
  try {
    const { entries, revision } = await store.list('/')
    const then = await store.list('/', { revision: revision - 3 })
    return JSON.stringify([revision, entries, then.entries])
  } finally {
    await store.close()
  }
}

function flip(path: string, bit: number): void {
  const bytes = readFileSync(path)
  const at = bit >> 3
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
  writeFileSync(path, bytes)
}

/** @returns the error of opening or reading, undefined where everything is as it was */
async function outcome(t: Test, path: string, good: string, about: object): Promise<unknown> {
  try {
    const found = await readAll(path)
    if (found !== good) t.fail('it is taken for whole and is not', about)
    return undefined
  } catch (error) {
    if (!hasCode(error, 'INVALID_ARGUMENT') && !hasCode(error, 'UNSUPPORTED'))
      t.fail('it is refused by the way', { ...about, error })
    return error
  }
}

t.test('bits that are others', async (t) => {
  const random = seededRandom(Number(process.env['STORE_SEED'] ?? 1))
  const [closed, killed, copy] = ['closed', 'killed', 'copy'].map((name) => join(folder, name))
  if (!closed || !killed || !copy) return
  makeKilled(closed, true)
  makeKilled(killed, false)
  t.notOk(existsSync(`${closed}-wal`), 'all is in the database')
  t.ok(existsSync(`${killed}-wal`), 'all is in the log')
  const rows = [
    { from: closed, suffix: '', least: 0.2 },
    { from: killed, suffix: '-wal', least: 0.9 },
    { from: killed, suffix: '-shm', least: 0 },
  ]
  for (const { from, suffix, least } of rows)
    await t.test(suffix || 'database', async (t) => {
      copyStore(from, copy)
      const good = await readAll(copy)
      t.equal((JSON.parse(good) as unknown[])[0], last)
      const size = readFileSync(from + suffix).length
      const rounds = 40
      let refused = 0
      for (let round = 0; round < rounds; round++) {
        const bit = Math.floor(random() * size * 8)
        copyStore(from, copy)
        flip(copy + suffix, bit)
        if ((await outcome(t, copy, good, { bit, suffix })) !== undefined) refused++
      }
      t.ok(refused >= least * rounds, 'most of it is looked at', { refused, rounds })
    })
})

/** One letter of a value, in whichever file it is. */
function changeValue(path: string, text: string): void {
  const bytes = readFileSync(path)
  const at = bytes.indexOf(text)
  if (at < 0) throw new Error(`no ${text} in ${path}`)
  writeFileSync(path, bytes.fill('y', at, at + 1))
}

t.test('a store of the first version is given checksums', async (t) => {
  const path = join(folder, 'first')
  const made = openSqliteStore(path)
  await made.create('/a', 'kept one')
  await made.close()
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const old = new DatabaseSync(path)
  old.exec('ALTER TABLE history DROP COLUMN checksum; PRAGMA user_version = 1')
  old.close()
  const store = openSqliteStore(path)
  t.match(await store.get('/a'), { value: 'kept one' })
  await store.close()
  changeValue(path, 'kept one')
  t.throws(() => openSqliteStore(path), {
    code: 'INVALID_ARGUMENT',
    detail: { path, why: /revision 1 \(\/a\)/ },
  })
})

t.test('what is damaged while it is open is neither served nor backed up', async (t) => {
  const path = join(folder, 'open')
  const made = openSqliteStore(path)
  const values = Array.from({ length: 2000 }, (_, at) => `value ${at} `.padEnd(3000, 'x'))
  await Promise.all(values.map((value, at) => made.create(`/a/${at}`, value)))
  await made.close()
  const store = openSqliteStore(path)
  changeValue(path, 'value 7 ')
  const copy = join(folder, 'backup')
  await t.rejects(store.backup(copy), { code: 'INVALID_ARGUMENT', detail: { why: /\/a\/7/ } })
  t.notOk(existsSync(copy), 'no backup that is not whole')
  // The first pages went from the cache when those of the last keys came.
  await t.rejects(store.get('/a/7'), { code: 'INVALID_ARGUMENT', detail: { path } })
  t.match(await store.get('/a/8'), { revision: 9 })
  await store.close()
})
