import t from 'tap'
import {
  makePressureMemory,
  pressureRefusal,
} from '../../../../orchestrator/node/pressure/pressure-conditions.ts'
import type { PressureType } from '../../../../orchestrator/node/pressure/pressure-conditions.ts'
import { readThresholds } from '../../../../orchestrator/node/pressure/thresholds.ts'

const observation = { available: 0, capacity: 1 }
const met = readThresholds('nodefs.available<10%').map((threshold) => ({ threshold, observation }))

t.test('a pressure comes at once and goes after a while', async (t) => {
  const memory = makePressureMemory(1000)
  t.equal(memory.observe([], 0), false)
  t.equal(memory.observe(met, 10), true)
  t.ok(memory.has('DiskPressure'))
  t.notOk(memory.has('MemoryPressure'))
  t.equal(memory.observe(met, 500), false)
  t.equal(memory.observe([], 1400), false)
  t.ok(memory.has('DiskPressure'), 'a second after it was met last')
  t.equal(memory.observe([], 1500), true)
  t.notOk(memory.has('DiskPressure'))
})

t.test('pods that are new', async (t) => {
  const rows: readonly [string, string, number, readonly PressureType[], boolean][] = [
    ['no pressure', 'BestEffort', 0, [], true],
    ['who asked for no memory', 'BestEffort', 0, ['MemoryPressure'], false],
    ['who asked for memory', 'Burstable', 0, ['MemoryPressure'], true],
    ['a full disk', 'Guaranteed', 0, ['DiskPressure'], false],
    ['what the node itself needs', 'BestEffort', 2_000_000_000, ['DiskPressure'], true],
  ]
  for (const [title, qosClass, priority, pressures, isTaken] of rows)
    t.test(title, async (t) => {
      const refusal = pressureRefusal(qosClass, { priority }, (type) => pressures.includes(type))
      t.equal(refusal === undefined, isTaken)
      if (!isTaken) t.equal(refusal, `The node had condition: [${pressures.join(' ')}]. `)
    })
})
