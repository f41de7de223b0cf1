import t from 'tap'
import {
  evictionGrace,
  makeThresholdTimes,
  readSoftThresholds,
} from '../../../../orchestrator/node/pressure/soft-thresholds.ts'
import { metThresholds, readThresholds } from '../../../../orchestrator/node/pressure/thresholds.ts'
import type { Observations } from '../../../../orchestrator/node/pressure/thresholds.ts'

t.test('thresholds and for how long they may be met', async (t) => {
  t.strictSame(
    readSoftThresholds(
      'memory.available<1.5Gi, nodefs.available<15%',
      'nodefs.available=90s,memory.available=1m30.5s',
    ),
    [
      { signal: 'memory.available', text: '1.5Gi', graceMs: 90_500 },
      { signal: 'nodefs.available', text: '15%', graceMs: 90_000 },
    ],
  )
  t.strictSame(readSoftThresholds('', ''), [])
})

t.test('refused', async (t) => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['a threshold without a period', 'memory.available<1Gi', ''],
    ['a period without a threshold', '', 'memory.available=1s'],
    ['no time', 'memory.available<1Gi', 'memory.available=soon'],
    ['no signal', 'memory.available<1Gi', 'memory=1s'],
    ['no quantity', 'memory.available<much', 'memory.available=1s'],
  ]
  for (const [title, soft, periods] of rows)
    t.throws(() => readSoftThresholds(soft, periods), { code: 'INVALID_ARGUMENT' }, title)
})

t.test('a soft threshold counts when it was met without a break', async (t) => {
  const thresholds = [
    ...readThresholds('memory.available<10'),
    ...readSoftThresholds('memory.available<50', 'memory.available=1m'),
  ]
  const times = makeThresholdTimes()
  const ripe = (available: number, now: number): string[] => {
    const seen: Observations = new Map([['memory.available', { available, capacity: 100 }]])
    return times.ripe(metThresholds(thresholds, seen), now).map(({ threshold }) => threshold.text)
  }
  t.strictSame(ripe(40, 0), [])
  t.strictSame(ripe(40, 59_000), [])
  t.strictSame(ripe(40, 60_000), ['50'])
  t.strictSame(ripe(60, 61_000), [], 'enough again')
  t.strictSame(ripe(40, 62_000), [])
  t.strictSame(ripe(5, 63_000), ['10'], 'a hard one counts at once')
  t.strictSame(ripe(5, 130_000), ['10', '50'], 'and comes first')
})

t.test('how long a pod has to end', async (t) => {
  const [hard] = readThresholds('memory.available<1Gi')
  const [soft] = readSoftThresholds('memory.available<1Gi', 'memory.available=1s')
  t.equal(evictionGrace(hard!, 30, 60), 0)
  t.equal(evictionGrace(soft!, 30, 60), 30)
  t.equal(evictionGrace(soft!, 30, 10), 10)
  t.equal(evictionGrace(soft!, 30, 0), 0)
  t.equal(evictionGrace(soft!, 30, -1), 30)
})
