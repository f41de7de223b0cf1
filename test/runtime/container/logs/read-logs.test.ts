import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { LogEntry, LogsOptions } from '../../../../runtime/cli/engine.ts'
import { type LogSource, readLogs } from '../../../../runtime/container/logs/read-logs.ts'

const time = (second: number) => `2026-01-01T00:00:0${second}.000000000Z`

function jsonLine(text: string, second: number): string {
  return `${JSON.stringify({ log: text, stream: 'stdout', time: time(second) })}\n`
}

function endedSource(folder: string, format: LogSource['format'] = 'json-file'): LogSource {
  return { folder, format, isLive: () => false, ended: async () => undefined }
}

async function texts(source: LogSource, options: Partial<LogsOptions> = {}): Promise<string[]> {
  const found: string[] = []
  for await (const entry of readLogs(source, { follow: false, ...options }))
    found.push(Buffer.from(entry.data).toString())
  return found
}

const rotated = {
  'container.log.2': jsonLine('a\n', 1),
  'container.log.1': jsonLine('b\n', 2) + jsonLine('c\n', 3),
  'container.log': jsonLine('d\n', 4) + jsonLine('e\n', 5),
}

const rows: { name: string; options: Partial<LogsOptions>; want: string[] }[] = [
  { name: 'everything, oldest file first', options: {}, want: ['a\n', 'b\n', 'c\n', 'd\n', 'e\n'] },
  { name: 'the last line', options: { tail: 1 }, want: ['e\n'] },
  { name: 'a tail that ends at a file boundary', options: { tail: 2 }, want: ['d\n', 'e\n'] },
  { name: 'a tail across files', options: { tail: 4 }, want: ['b\n', 'c\n', 'd\n', 'e\n'] },
  {
    name: 'a tail longer than the log',
    options: { tail: 99 },
    want: ['a\n', 'b\n', 'c\n', 'd\n', 'e\n'],
  },
  { name: 'no line', options: { tail: 0 }, want: [] },
  { name: 'since', options: { since: Date.parse(time(4)) }, want: ['d\n', 'e\n'] },
  { name: 'until', options: { until: Date.parse(time(2)) }, want: ['a\n', 'b\n'] },
]

for (const { name, options, want } of rows)
  t.test(name, async (t) => {
    t.same(await texts(endedSource(t.testdir(rotated)), options), want)
  })

t.test('CRI lines: partial ones carry no newline', async (t) => {
  const folder = t.testdir({
    'container.log': `${time(1)} stdout P hel\n${time(1)} stdout F lo\n${time(2)} stderr F bad thing\n`,
  })
  const entries: LogEntry[] = []
  for await (const entry of readLogs(endedSource(folder, 'k8s-file'), { follow: false }))
    entries.push(entry)
  t.same(
    entries.map(({ stream, data }) => [stream, Buffer.from(data).toString()]),
    [
      ['stdout', 'hel'],
      ['stdout', 'lo\n'],
      ['stderr', 'bad thing\n'],
    ],
  )
})

t.test('a line cut off by a crash is passed over', async (t) => {
  const folder = t.testdir({ 'container.log': `${jsonLine('a\n', 1)}{"log":"b` })
  t.same(await texts(endedSource(folder)), ['a\n'])
})

t.test('a container that never wrote has no log', async (t) => {
  t.same(await texts(endedSource(join(t.testdir({}), 'missing'))), [])
})

t.test('following goes on across a rotation and ends with the container', async (t) => {
  const folder = t.testdir({ 'container.log': jsonLine('1', 1) })
  const current = join(folder, 'container.log')
  let isLive = true
  const end = Promise.withResolvers<void>()
  const source: LogSource = {
    folder,
    format: 'json-file',
    isLive: () => isLive,
    ended: () => end.promise,
  }
  const found: string[] = []
  for await (const entry of readLogs(source, { follow: true })) {
    const text = Buffer.from(entry.data).toString()
    found.push(text)
    if (text === '1') appendFileSync(current, jsonLine('2', 2))
    if (text === '2') {
      // Written just before the rotation: must not be lost.
      appendFileSync(current, jsonLine('3', 3))
      renameSync(current, `${current}.1`)
      writeFileSync(current, jsonLine('4', 4))
    }
    if (text === '4') {
      appendFileSync(current, jsonLine('5', 5))
      isLive = false
      end.resolve()
    }
  }
  t.same(found, ['1', '2', '3', '4', '5'])
})
