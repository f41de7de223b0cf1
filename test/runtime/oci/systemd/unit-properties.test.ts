import t from 'tap'
import { annotatedProperties } from '../../../../runtime/oci/systemd/annotated-properties.ts'
import { unitLimits } from '../../../../runtime/oci/systemd/unit-limits.ts'

const infinity = 2n ** 64n - 1n

function limitsOf(files: Readonly<Record<string, string>>): Record<string, unknown> {
  const writes = Object.entries(files).map(([file, value]) => ({
    file: `/sys/fs/cgroup/a.slice/${file}`,
    value,
    why: '',
    source: '',
  }))
  return Object.fromEntries(unitLimits(writes).map(([name, { value }]) => [name, value]))
}

t.test('limits of a group as properties of its unit', async (t) => {
  t.same(
    limitsOf({
      'memory.max': '1048576',
      'memory.swap.max': 'max',
      'pids.max': 'max',
      'cpu.weight': '79',
      'io.weight': 'default 50',
      'hugetlb.2MB.max': '0',
    }),
    {
      MemoryMax: 1_048_576n,
      MemorySwapMax: infinity,
      TasksMax: infinity,
      CPUWeight: 79n,
      IOWeight: 50n,
    },
    'v2',
  )
  t.same(
    limitsOf({
      'memory.limit_in_bytes': '-1',
      'cpu.shares': '2',
      'cpu.cfs_quota_us': '50000',
      'cpu.cfs_period_us': '200000',
    }),
    {
      MemoryLimit: infinity,
      CPUShares: 2n,
      CPUQuotaPerSecUSec: 250_000n,
      CPUQuotaPeriodUSec: 200_000n,
    },
    'v1',
  )
})

t.test('time of CPUs is rounded up', async (t) => {
  const rows = [
    { max: '50000 100000', wanted: 500_000n },
    { max: '1000 300000', wanted: 10_000n },
    { max: '33333 100000', wanted: 340_000n },
    { max: 'max 100000', wanted: infinity },
  ]
  for (const { max, wanted } of rows)
    t.equal(limitsOf({ 'cpu.max': max })['CPUQuotaPerSecUSec'], wanted, max)
})

t.test('sets of CPUs as bits', async (t) => {
  t.same(limitsOf({ 'cpuset.cpus': '0-2,9' }), { AllowedCPUs: [7, 2] })
  t.same(limitsOf({ 'cpuset.mems': '0' }), { AllowedMemoryNodes: [1] })
})

t.test('properties that annotations bring', async (t) => {
  const rows = [
    { name: 'TimeoutStopUSec', text: 'uint64 123', wanted: ['TimeoutStopUSec', 't', 123n] },
    { name: 'TimeoutStopSec', text: '2', wanted: ['TimeoutStopUSec', 't', 2_000_000n] },
    { name: 'TimeoutStopSec', text: '0.5', wanted: ['TimeoutStopUSec', 't', 500_000n] },
    { name: 'KillSignal', text: '37', wanted: ['KillSignal', 'i', 37n] },
    { name: 'CollectMode', text: "'inactive'", wanted: ['CollectMode', 's', 'inactive'] },
    { name: 'SendSIGHUP', text: 'true', wanted: ['SendSIGHUP', 'b', true] },
    {
      name: 'After',
      text: `['a.service', "b.service"]`,
      wanted: ['After', 'as', ['a.service', 'b.service']],
    },
  ]
  for (const { name, text, wanted } of rows) {
    const [[property, value] = ['', undefined]] = annotatedProperties({
      [`org.systemd.property.${name}`]: text,
      'org.other': 'x',
    })
    t.same([property, value?.signature, value?.value], wanted, `${name}: ${text}`)
  }
  for (const text of ['', 'inactive', '[1, 2]', 'uint65 1', "'a", '<5>'])
    t.throws(
      () => annotatedProperties({ 'org.systemd.property.Slice': text }),
      { code: 'INVALID_SPEC' },
      text,
    )
})
