import t from 'tap'
import { parsePressure } from '../../../runtime/cgroup/pressure.ts'
import { parseBlkio, parseIoStat, readStats } from '../../../runtime/cgroup/read-stats.ts'

t.test('io.stat is summed over devices', async (t) => {
  const text =
    '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=99 dios=9\n8:16 rbytes=5 wbytes=0 rios=1 wios=0\n'
  t.same(parseIoStat(text), { readBytes: 15, writeBytes: 20, readOps: 2, writeOps: 2 })
  t.same(parseIoStat(''), { readBytes: 0, writeBytes: 0, readOps: 0, writeOps: 0 })
})

t.test('v1 blkio is summed over devices, totals left out', async (t) => {
  t.same(parseBlkio('8:0 Read 4\n8:0 Write 8\n8:0 Total 12\n8:1 Read 1\nTotal 13\n'), {
    read: 5,
    write: 8,
  })
})

t.test('pressure', async (t) => {
  const line = 'avg10=1.50 avg60=0.25 avg300=0.00 total=123'
  const want = { avg10: 1.5, avg60: 0.25, avg300: 0, totalUs: 123 }
  t.same(parsePressure(`some ${line}\nfull ${line}\n`), { some: want, full: want })
  t.same(parsePressure(`some ${line}\n`), { some: want, full: undefined })
  t.equal(parsePressure(undefined), undefined)
})

t.test('a group that is gone has no numbers and no source', async (t) => {
  const stats = readStats({ path: '/x', v2: '/nonexistent/x', v1: { memory: '/nonexistent/y' } })
  for (const part of Object.values(stats)) t.equal(part.source, 'none')
})
