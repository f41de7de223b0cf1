import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  findProgramPages,
  readProgramPages,
  releaseProgramPages,
} from '../../native/program-pages.ts'

const entry = (line: string, anonymous: number): string =>
  `${line}\nSize: 4 kB\nAnonymous:           ${anonymous} kB\nVmFlags: rd mr\n`
const program = '/opt/some node/bin/node'
const rows = [
  { title: 'code', line: `1000-3000 r-xp 00001000 fe:00 12    ${program}`, taken: 1 },
  { title: 'constants', line: `1000-3000 r--p 00001000 fe:00 12 ${program}`, taken: 1 },
  {
    title: 'what was written to',
    line: `1000-3000 r--p 0 fe:00 12 ${program}`,
    dirty: 4,
    taken: 0,
  },
  { title: 'what may be written to', line: `1000-3000 rw-p 0 fe:00 12 ${program}`, taken: 0 },
  { title: 'another file', line: '1000-3000 r-xp 0 fe:00 12 /lib/libc.so.6', taken: 0 },
  { title: 'no file', line: '1000-3000 r--p 0 00:00 0', taken: 0 },
]
for (const { title, line, dirty = 0, taken } of rows)
  t.test(title, async (t) => {
    const others = entry('0-1000 rw-p 0 00:00 0 ', 4)
    const found = findProgramPages(program, others + entry(line, dirty) + others)
    t.same(found, taken === 1 ? [{ start: 0x1000n, size: 0x2000n }] : [])
  })

function residentFile(): number {
  return Number(/RssFile:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1])
}

t.test('of this process, which goes on', async (t) => {
  const ranges = readProgramPages()
  t.ok(ranges.length > 0)
  const before = residentFile()
  releaseProgramPages(ranges)
  t.ok(residentFile() < before * 0.8, 'less is resident', { before, after: residentFile() })
  t.equal(
    JSON.stringify(structuredClone({ a: [new Date(0)] })),
    '{"a":["1970-01-01T00:00:00.000Z"]}',
  )
})
