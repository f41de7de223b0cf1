import t from 'tap'
import { toResources } from '../../../runtime/cgroup/limit-values.ts'

t.test('half a processor, and swap as large as memory', async (t) => {
  const { memory, cpu } = toResources({ memory: 1000, cpus: 0.5 })
  t.match(memory, { limit: 1000, swap: 2000n })
  t.match(cpu, { quota: 50_000, period: 100_000 })
})

t.test('swap given stays', async (t) => {
  t.match(toResources({ memory: 1000, memorySwap: -1 }).memory, { swap: -1 })
})

for (const cpus of [0, -1, 0.001, Number.NaN])
  t.test(`refuses ${cpus} processors`, async (t) =>
    t.throws(() => toResources({ cpus }), { code: 'INVALID_ARGUMENT' }),
  )
