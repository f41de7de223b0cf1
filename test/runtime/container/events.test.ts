import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { EngineEvent } from '../../../runtime/cli/engine.ts'
import {
  beginEvent,
  eventsPath,
  publishEvent,
  readEvents,
} from '../../../runtime/container/events.ts'
import type { EngineFolders } from '../../../runtime/container/folders.ts'
import type { ContainerRecord } from '../../../runtime/container/record.ts'

const base = mkdtempSync(join(tmpdir(), 'events-'))
t.teardown(() => rmSync(base, { recursive: true, force: true }))

let count = 0
const newFolders = (): EngineFolders => {
  const root = join(base, String(count++))
  return { runDir: join(root, 'run'), dataDir: join(root, 'data'), root }
}

async function all(events: AsyncIterable<EngineEvent>): Promise<EngineEvent[]> {
  const found: EngineEvent[] = []
  for await (const event of events) found.push(event)
  return found
}

const record = {
  id: 'ab'.repeat(32),
  name: 'web',
  imageReference: 'host',
  resolved: { labels: { say: 'a "b" }' } },
} as unknown as ContainerRecord

t.test('a line that a monitor completed is an event with the time of the end', async (t) => {
  const folders = newFolders()
  publishEvent(folders, { type: 'container', action: 'start', id: record.id, attributes: {} })
  const exit =
    '{"exitCode":3,"signal":0,"oomKills":0,"finishedAt":"2030-01-02T03:04:05.000000006Z"}'
  for (const action of ['die', 'destroy'] as const)
    appendFileSync(eventsPath(folders), `${beginEvent(record, action)}${exit}}\n`)
  const [, die, destroy] = await all(readEvents(folders, { follow: false }))
  const attributes = { say: 'a "b" }', image: 'host', name: 'web' }
  const time = '2030-01-02T03:04:05.000000006Z'
  const common = { type: 'container', id: record.id, time }
  t.strictSame(die, { ...common, action: 'die', attributes: { ...attributes, exitCode: '3' } })
  t.strictSame(destroy, { ...common, action: 'destroy', attributes })
})

t.test('a line that was cut off is passed over', async (t) => {
  const folders = newFolders()
  publishEvent(folders, { type: 'container', action: 'one', id: '1', attributes: {} })
  appendFileSync(eventsPath(folders), '{"type":"contai\n')
  publishEvent(folders, { type: 'container', action: 'two', id: '2', attributes: {} })
  const events = await all(readEvents(folders, { follow: false }))
  t.strictSame(
    events.map(({ action }) => action),
    ['one', 'two'],
  )
})

t.test('a follower goes on in the new file after a rotation', async (t) => {
  const folders = newFolders()
  publishEvent(folders, { type: 'container', action: 'before', id: '1', attributes: {} })
  const stop = new AbortController()
  const seen: string[] = []
  const following = (async () => {
    for await (const { action } of readEvents(folders, { follow: true, signal: stop.signal })) {
      seen.push(action)
      if (action === 'last') stop.abort()
    }
  })()
  publishEvent(folders, { type: 'container', action: 'first', id: '1', attributes: {} })
  renameSync(eventsPath(folders), `${eventsPath(folders)}.1`)
  publishEvent(folders, { type: 'container', action: 'last', id: '1', attributes: {} })
  await following
  t.equal(seen.at(-1), 'last')
  t.notOk(seen.includes('before'))
})

t.test('--since reaches back into the file that was set aside', async (t) => {
  const folders = newFolders()
  publishEvent(folders, { type: 'container', action: 'old', id: '1', attributes: {} })
  renameSync(eventsPath(folders), `${eventsPath(folders)}.1`)
  publishEvent(folders, { type: 'container', action: 'new', id: '1', attributes: {} })
  const events = await all(readEvents(folders, { follow: false, since: Date.now() - 60_000 }))
  t.strictSame(
    events.map(({ action }) => action),
    ['old', 'new'],
  )
})

t.test('commands that rotate at once lose no log', async (t) => {
  const folders = newFolders()
  const script = join(import.meta.dirname, 'publish-events.ts')
  const publishers = ['a', 'b', 'c'].map((name) => {
    const child = spawn(process.execPath, [script, folders.root ?? '', name], { stdio: 'inherit' })
    return once(child, 'close')
  })
  for (const [code] of await Promise.all(publishers)) t.equal(code, 0)
  t.ok(statSync(`${eventsPath(folders)}.1`).size > 4 * 1024 * 1024, 'the one before is whole')
})
