import { spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { StatusError } from '../../orchestrator/api/status-error.ts'
import { makeHttpClient } from '../../orchestrator/client/http-client.ts'
import { readKubeconfig } from '../../orchestrator/client/read-kubeconfig.ts'
import { untilReachable } from '../../orchestrator/client/until-reachable.ts'
import { rowChecksum } from '../../orchestrator/store/sqlite/row-checksum.ts'
import type { HistoryRow } from '../../orchestrator/store/sqlite/row-checksum.ts'
import { chaosSeed } from './chaos-cluster.ts'
import { seededRandom } from './random.ts'

// Files of a server that somebody or something has damaged: it refuses them in one line that names the file and what to do,
// or puts right what can be put right. Nothing that can be lost is thrown away silently.

const command = join(import.meta.dirname, '../../bin/myorch')
const objects = 40
const kind = { apiVersion: 'v1', kind: 'ConfigMap' }

interface Ended {
  /** Absent: it serves. */
  readonly code?: number | null
  readonly stderr: string
  end(): Promise<void>
}

/** Run a server until it serves or has ended. */
async function serve(dataDir: string): Promise<Ended> {
  const child = spawn(command, ['server', '--data-dir', dataDir, '--addr', '127.0.0.1:0'])
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const serves = Promise.withResolvers<undefined>()
  let stderr = ''
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  child.stdout.on(
    'data',
    (text: Buffer) => /kubeconfig/.test(text.toString()) && serves.resolve(undefined),
  )
  const code = await Promise.race([closed, serves.promise])
  const end = async (): Promise<void> => {
    child.kill('SIGTERM')
    await closed
  }
  return { ...(code === undefined ? {} : { code }), stderr, end }
}

const clientOf = async (dataDir: string) =>
  makeHttpClient(await readKubeconfig(join(dataDir, 'admin.kubeconfig')))

/** A server's folder with something in it. */
async function makeGood(folder: string): Promise<void> {
  const server = await serve(folder)
  const client = await clientOf(folder)
  const never = new AbortController().signal
  for (let at = 0; at < objects; at++) {
    const metadata = { name: `map-${at}`, namespace: 'default' }
    const data = { text: 'x'.repeat(2000) }
    await untilReachable(() => client.create({ ...kind, metadata, data }), never)
  }
  client.close()
  await server.end()
}

/** Other bits at `count` random places. */
function flip(path: string, random: () => number, count: number): void {
  const bytes = readFileSync(path)
  for (let at = 0; at < count; at++) {
    const place = Math.floor(random() * bytes.length)
    bytes[place] = (bytes[place] ?? 0) ^ (1 << Math.floor(random() * 8))
  }
  writeFileSync(path, bytes)
}

function overwrite(path: string, from: number, length: number): void {
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0, from, from + length))
}

/** A database of another program. */
function foreignDatabase(path: string, version: number): void {
  rmSync(path)
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(path)
  database.exec(`CREATE TABLE mine (a); PRAGMA user_version = ${version}`)
  database.close()
}

/** One letter of one object, as a bit that is another one makes it. */
function changeRow(path: string): void {
  const bytes = readFileSync(path)
  const at = bytes.indexOf('"name":"map-7"')
  bytes[bytes.indexOf('xxxx', at)] = 0x79
  writeFileSync(path, bytes)
}

function setVersion(path: string, version: number): void {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA user_version = ${version}`)
  database.close()
}

interface Row {
  readonly title: string
  /** Of the data folder. */
  readonly file: string
  readonly harm: (path: string, folder: string) => void
  /** What the message must have besides the file; absent: the server puts it right. */
  readonly cure?: RegExp
}

const restore = /myorch restore/
const both = /Put back what was there; or remove it together with/
const another = /another data folder/
const rows: Row[] = [
  { title: 'empty', file: 'store.db', harm: (path) => truncateSync(path, 0), cure: restore },
  {
    title: 'cut in half',
    file: 'store.db',
    harm: (path) => truncateSync(path, statSync(path).size / 2),
    cure: restore,
  },
  {
    title: 'hardly begun',
    file: 'store.db',
    harm: (path) => truncateSync(path, 100),
    cure: restore,
  },
  {
    title: 'one row is another',
    file: 'store.db',
    harm: changeRow,
    cure: /map-7\).*myorch restore/,
  },
  {
    title: 'text',
    file: 'store.db',
    harm: (path) => writeFileSync(path, 'hello\n'),
    cure: restore,
  },
  {
    title: 'pages of nothing',
    file: 'store.db',
    harm: (path) => overwrite(path, 4096, 8 * 4096),
    cure: restore,
  },
  {
    title: 'a header of nothing',
    file: 'store.db',
    harm: (path) => overwrite(path, 0, 100),
    cure: restore,
  },
  {
    title: 'of another program',
    file: 'store.db',
    harm: (path) => foreignDatabase(path, 3),
    cure: another,
  },
  {
    title: 'of another program, without a version',
    file: 'store.db',
    harm: (path) => foreignDatabase(path, 0),
    cure: another,
  },
  {
    title: 'of a later version',
    file: 'store.db',
    harm: (path) => setVersion(path, 9),
    cure: /newer version/,
  },
  {
    title: 'a folder',
    file: 'store.db',
    harm: (path) => {
      rmSync(path)
      mkdirSync(path)
    },
    cure: /disk/,
  },
  {
    title: 'a log that is none',
    file: 'store.db-wal',
    harm: (path) => writeFileSync(path, 'x'.repeat(9000)),
    cure: restore,
  },
  {
    title: 'not a lock',
    file: 'server.lock',
    harm: (path) => writeFileSync(path, 'x'.repeat(900)),
  },
  ...['ca', 'service-accounts'].flatMap((name): Row[] => [
    { title: 'empty', file: `pki/${name}.crt`, harm: (path) => truncateSync(path, 0), cure: both },
    { title: 'empty', file: `pki/${name}.key`, harm: (path) => truncateSync(path, 0), cure: both },
    { title: 'cut', file: `pki/${name}.key`, harm: (path) => truncateSync(path, 120), cure: both },
    { title: 'missing', file: `pki/${name}.key`, harm: (path) => rmSync(path), cure: both },
    { title: 'missing', file: `pki/${name}.crt`, harm: (path) => rmSync(path), cure: both },
    {
      title: 'of somebody else',
      file: `pki/${name}.key`,
      harm: (path, folder) => cpSync(join(folder, 'pki/admin.key'), path),
      cure: both,
    },
  ]),
  ...['admin', 'kubelet-client'].flatMap((name): Row[] => [
    { title: 'empty', file: `pki/${name}.crt`, harm: (path) => truncateSync(path, 0) },
    { title: 'missing', file: `pki/${name}.key`, harm: (path) => rmSync(path) },
  ]),
  { title: 'cut', file: 'admin.kubeconfig', harm: (path) => truncateSync(path, 50) },
]

/** One line, which names the file and the cure. */
function checkRefused(t: Test, { code, stderr }: Ended, path: string, cure: RegExp): void {
  t.equal(code, 1)
  t.match(stderr, /^myorch: [^\n]+\n$/, 'one line')
  t.ok(stderr.includes(path), 'with the file', { stderr })
  t.match(stderr, cure, 'and the cure')
  t.notMatch(stderr, /\.(?:ts|cjs):\d+|TypeError|SyntaxError|undefined/, 'and no trace of a stack')
}

t.test('damaged files of a server', async (t) => {
  const random = seededRandom(chaosSeed(t))
  const folder = mkdtempSync(join(tmpdir(), 'corrupt-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const good = join(folder, 'good')
  await makeGood(good)
  let count = 0
  const harmed = async (harm: (dataDir: string) => void): Promise<[string, Ended]> => {
    const dataDir = join(folder, `${count++}`)
    cpSync(good, dataDir, { recursive: true })
    harm(dataDir)
    return [dataDir, await serve(dataDir)]
  }

  for (const { title, file, harm, cure } of rows)
    await t.test(`${file}: ${title}`, async (t) => {
      const [dataDir, server] = await harmed((at) => harm(join(at, file), at))
      if (cure) return checkRefused(t, server, join(dataDir, file), cure)
      t.equal(server.code, undefined, 'it serves', { server })
      const client = await clientOf(dataDir)
      const { items } = await client.list(kind, { namespace: 'default' })
      t.ok(items.length >= objects, 'everything')
      client.close()
      await server.end()
    })

  await t.test('bits of the store that are others', async (t) => {
    for (let round = 0; round < 6; round++) {
      const [dataDir, server] = await harmed((at) => flip(join(at, 'store.db'), random, 300))
      const path = join(dataDir, 'store.db')
      if (server.code !== undefined) checkRefused(t, server, path, /restore|another data folder/)
      else t.pass('what they were does not matter')
      t.notMatch(server.stderr, /\.(?:ts|cjs):\d+|TypeError/)
      await server.end()
    }
  })

  await t.test('an object that is none', async (t) => {
    const [dataDir, server] = await harmed((at) => {
      const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
      const database = new DatabaseSync(join(at, 'store.db'))
      const row = database
        .prepare("SELECT revision, key, value, previous FROM history WHERE key LIKE '%/map-7'")
        .get() as unknown as HistoryRow
      const value = row.value?.slice(0, 200) ?? null
      // As if somebody had written half of it.
      database
        .prepare('UPDATE history SET value = ?, checksum = ? WHERE revision = ?')
        .run(value, rowChecksum({ ...row, value }), row.revision)
      database.close()
    })
    const client = await clientOf(dataDir)
    const error = await client
      .list(kind, { namespace: 'default' })
      .catch((reason: unknown) => reason)
    const { status } = error instanceof StatusError ? error : { status: undefined }
    t.match(status, { code: 500, message: /name=map-7 .*myorch restore/ })
    t.equal((await client.get(kind, { name: 'map-8', namespace: 'default' })).kind, 'ConfigMap')
    client.close()
    await server.end()
  })
})
