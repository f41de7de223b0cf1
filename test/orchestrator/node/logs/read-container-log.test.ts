import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { containerLogPath } from '../../../../orchestrator/node/logs/log-path.ts'
import { publishLog } from '../../../../orchestrator/node/logs/publish-log.ts'
import { podWith } from '../pod-fixture.ts'
import type { LogWish } from '../../../../orchestrator/node/logs/read-container-log.ts'
import { readContainerLog } from '../../../../orchestrator/node/logs/read-container-log.ts'

const at = (second: number): string => `2026-11-21T07:00:0${second}.000000001Z`

const older = [`${at(1)} stdout F one`, `${at(2)} stderr P tw`, `${at(3)} stderr F o`]
const newer = [`${at(4)} stdout F three`, `${at(5)} stdout F four`]
const lines = (list: readonly string[]): string => list.map((line) => `${line}\n`).join('')

function logOf(t: Test): { logPath: string; file: string } {
  const folder = t.testdir({
    real: { 'container.log.1': lines(older), 'container.log': lines(newer) },
    pods: {},
  })
  const logPath = containerLogPath(join(folder, 'pods'), podWith({}), 'web', 0)
  const file = join(folder, 'real/container.log')
  publishLog(logPath, join(folder, 'nowhere'))
  publishLog(logPath, file)
  return { logPath, file }
}

const ended = { isRunning: () => false, ended: async () => undefined }
const all: LogWish = { follow: false, timestamps: false }

const cases: { name: string; wish: Partial<LogWish>; want: string }[] = [
  {
    name: 'everything, across a rotation, pieces joined',
    wish: {},
    want: 'one\ntwo\nthree\nfour\n',
  },
  {
    name: 'a time per line, not per piece',
    wish: { timestamps: true },
    want: `${at(1)} one\n${at(2)} two\n${at(4)} three\n${at(5)} four\n`,
  },
  { name: 'the last lines', wish: { tailLines: 3 }, want: 'o\nthree\nfour\n' },
  { name: 'none of the lines', wish: { tailLines: 0 }, want: '' },
  { name: 'since a moment', wish: { since: Date.parse(at(4)) }, want: 'three\nfour\n' },
  { name: 'so many bytes', wish: { limitBytes: 6 }, want: 'one\ntw' },
  { name: 'bytes that end with a line', wish: { limitBytes: 4 }, want: 'one\n' },
  { name: 'one stream', wish: { stream: 'stderr' }, want: 'two\n' },
]

for (const { name, wish, want } of cases)
  t.test(name, async (t) => {
    const { logPath } = logOf(t)
    const chunks: Uint8Array[] = []
    for await (const bytes of readContainerLog({ logPath, ...ended }, { ...all, ...wish }))
      chunks.push(bytes)
    t.equal(Buffer.concat(chunks).toString(), want)
  })

t.test('no file is an empty log', async (t) => {
  const source = { logPath: join(t.testdir(), 'nope'), ...ended }
  for await (const _ of readContainerLog(source, all)) t.fail('there is nothing')
})

t.test('follow goes on over a rotation until the container has ended', async (t) => {
  const { logPath, file } = logOf(t)
  let isRunning = true
  const end = Promise.withResolvers<void>()
  const source = { logPath, isRunning: () => isRunning, ended: () => end.promise }
  let text = ''
  for await (const bytes of readContainerLog(source, { ...all, follow: true, tailLines: 1 })) {
    text += Buffer.from(bytes).toString()
    if (text === 'four\n') appendFileSync(file, `${at(6)} stdout F five\n`)
    if (text.endsWith('five\n')) {
      renameSync(`${file}.1`, `${file}.2`)
      renameSync(file, `${file}.1`)
      mkdirSync(`${file}.d`)
      writeFileSync(file, `${at(7)} stdout F six\n`)
    }
    if (text.endsWith('six\n')) {
      isRunning = false
      end.resolve()
    }
  }
  t.equal(text, 'four\nfive\nsix\n')
})
