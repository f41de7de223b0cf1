import t from 'tap'
import {
  metThresholds,
  readThresholds,
  usualThresholds,
} from '../../../../orchestrator/node/pressure/thresholds.ts'
import type { Observations } from '../../../../orchestrator/node/pressure/thresholds.ts'

const mebi = 1024 * 1024
const plenty: Observations = new Map([
  ['memory.available', { available: 4000 * mebi, capacity: 8000 * mebi }],
  ['nodefs.available', { available: 50, capacity: 100 }],
  ['nodefs.inodesFree', { available: 50, capacity: 100 }],
])

t.test('which are met', async (t) => {
  const rows: readonly [string, Observations, readonly string[]][] = [
    ['none', plenty, []],
    [
      'memory, by an amount',
      new Map([...plenty, ['memory.available', { available: 99 * mebi, capacity: 8000 * mebi }]]),
      ['memory.available'],
    ],
    [
      'disk, by a part of it',
      new Map([...plenty, ['nodefs.available', { available: 9, capacity: 100 }]]),
      ['nodefs.available'],
    ],
    [
      'exactly at the threshold: not yet',
      new Map([...plenty, ['nodefs.available', { available: 10, capacity: 100 }]]),
      [],
    ],
    [
      'memory is looked at first',
      new Map([
        ['nodefs.inodesFree', { available: 1, capacity: 100 }],
        ['memory.available', { available: 0, capacity: 100 }],
      ]),
      ['memory.available', 'nodefs.inodesFree'],
    ],
  ]
  for (const [title, observations, expected] of rows)
    t.test(title, async (t) => {
      const met = metThresholds(readThresholds(usualThresholds), observations)
      t.strictSame(
        met.map(({ threshold }) => threshold.signal),
        expected,
      )
    })
})

for (const text of [
  'memory.available',
  'memory<1Gi',
  'memory.available<some',
  'nodefs.available<x%',
])
  t.test(`refused: ${text}`, async (t) => {
    t.throws(() => readThresholds(text), { code: 'INVALID_ARGUMENT', detail: { threshold: text } })
  })
