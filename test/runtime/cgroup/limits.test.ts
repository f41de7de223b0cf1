import t from 'tap'
import { blockIoLimits } from '../../../runtime/cgroup/limits/block-io.ts'
import { cpuLimits, sharesToWeight } from '../../../runtime/cgroup/limits/cpu.ts'
import { cpusetLimits } from '../../../runtime/cgroup/limits/cpuset.ts'
import type { LimitContext, LimitWrite } from '../../../runtime/cgroup/limits/limit-write.ts'
import { memoryLimits } from '../../../runtime/cgroup/limits/memory.ts'
import { pidsLimits } from '../../../runtime/cgroup/limits/pids.ts'
import {
  hugepageLimits,
  networkClassLimits,
  networkPriorityLimits,
  rdmaLimits,
} from '../../../runtime/cgroup/limits/rare-limits.ts'
import { unifiedLimits } from '../../../runtime/cgroup/limits/unified.ts'

const MIB = 2 ** 20

function context(version: 'v1' | 'v2', swapAccounting = true): LimitContext {
  return { version, swapAccounting, warnings: [] }
}

/** `file=value` of each write, in order. */
function lines(writes: readonly LimitWrite[]): string[] {
  return writes.map(({ file, value }) => `${file}=${value}`)
}

const v1 = context('v1')
const v2 = context('v2')

const conversions: { name: string; got: () => readonly LimitWrite[]; want: string[] }[] = [
  {
    name: 'v2 memory limit kills the whole group',
    got: () => memoryLimits({ limit: 50 * MIB }, v2),
    want: ['memory.max=52428800'],
  },
  {
    name: 'v2 swap is swap alone, OCI is memory plus swap',
    got: () => memoryLimits({ limit: 50 * MIB, swap: 80 * MIB }, v2),
    want: ['memory.swap.max=31457280', 'memory.max=52428800'],
  },
  {
    name: 'v2 no swap beyond memory is zero swap',
    got: () => memoryLimits({ limit: 50 * MIB, swap: 50 * MIB }, v2),
    want: ['memory.swap.max=0', 'memory.max=52428800'],
  },
  {
    name: 'v2 unlimited swap',
    got: () => memoryLimits({ limit: 50 * MIB, swap: -1 }, v2),
    want: ['memory.swap.max=max', 'memory.max=52428800'],
  },
  {
    name: 'v2 unlimited memory lifts swap too',
    got: () => memoryLimits({ limit: -1 }, v2),
    want: ['memory.swap.max=max', 'memory.max=max'],
  },
  {
    name: 'v2 reservation',
    got: () => memoryLimits({ reservation: MIB }, v2),
    want: ['memory.low=1048576'],
  },
  { name: 'zero is like absent', got: () => memoryLimits({ limit: 0, swap: 0 }, v2), want: [] },
  {
    name: 'v1 memory, then memory plus swap',
    got: () => memoryLimits({ limit: 50 * MIB, swap: 80 * MIB, swappiness: 0 }, v1),
    want: [
      'memory.limit_in_bytes=52428800',
      'memory.memsw.limit_in_bytes=83886080',
      'memory.swappiness=0',
    ],
  },
  {
    name: 'v1 without swap accounting drops the swap limit',
    got: () => memoryLimits({ limit: MIB, swap: -1 }, context('v1', false)),
    want: ['memory.limit_in_bytes=1048576'],
  },
  {
    name: 'v1 the rest of memory',
    got: () => memoryLimits({ reservation: 1n, kernelTCP: 4096, disableOOMKiller: true }, v1),
    want: [
      'memory.soft_limit_in_bytes=1',
      'memory.kmem.tcp.limit_in_bytes=4096',
      'memory.oom_control=1',
    ],
  },
  {
    name: 'a 64-bit limit is not rounded',
    got: () => memoryLimits({ limit: 9_007_199_254_740_993n }, v1),
    want: ['memory.limit_in_bytes=9007199254740993'],
  },
  {
    name: 'v2 shares, quota and burst',
    got: () => cpuLimits({ shares: 1024, quota: 50_000, period: 100_000, burst: 1000 }, v2),
    want: ['cpu.weight=100', 'cpu.max=50000 100000', 'cpu.max.burst=1000'],
  },
  {
    name: 'v2 period alone keeps the quota unlimited',
    got: () => cpuLimits({ period: 20_000 }, v2),
    want: ['cpu.max=max 20000'],
  },
  {
    name: 'v2 negative quota lifts the limit',
    got: () => cpuLimits({ quota: -1 }, v2),
    want: ['cpu.max=max 100000'],
  },
  {
    name: 'an idle group takes no weight',
    got: () => cpuLimits({ idle: 1, shares: 512 }, v2),
    want: ['cpu.idle=1'],
  },
  {
    name: 'v1 CPU',
    got: () => cpuLimits({ shares: 512, quota: 50_000, period: 100_000, burst: 1 }, v1),
    want: [
      'cpu.shares=512',
      'cpu.cfs_period_us=100000',
      'cpu.cfs_quota_us=50000',
      'cpu.cfs_burst_us=1',
    ],
  },
  {
    name: 'v1 real-time, period first',
    got: () => cpuLimits({ realtimeRuntime: 1000, realtimePeriod: 100_000 }, v1),
    want: ['cpu.rt_period_us=100000', 'cpu.rt_runtime_us=1000'],
  },
  {
    name: 'CPU set',
    got: () => cpusetLimits({ cpus: '0-1,3', mems: '0' }, v2),
    want: ['cpuset.cpus=0-1,3', 'cpuset.mems=0'],
  },
  { name: 'pids', got: () => pidsLimits({ limit: 20 }, v1), want: ['pids.max=20'] },
  { name: 'no pids limit', got: () => pidsLimits({ limit: -1 }, v2), want: ['pids.max=max'] },
  { name: 'zero pids is one', got: () => pidsLimits({ limit: 0n }, v2), want: ['pids.max=1'] },
  {
    name: 'more pids than there can be',
    got: () => pidsLimits({ limit: 2 ** 40 }, v2),
    want: ['pids.max=max'],
  },
  {
    name: 'v2 I/O weight',
    got: () => blockIoLimits({ weight: 1000 }, v2),
    want: ['io.bfq.weight=1000', 'io.weight=10000'],
  },
  {
    name: 'v1 I/O weight per device',
    got: () => blockIoLimits({ weightDevice: [{ major: 8, minor: 0, weight: 10 }] }, v1),
    want: ['blkio.bfq.weight_device=8:0 10', 'blkio.weight_device=8:0 10'],
  },
  {
    name: 'v2 throttles; zero lifts one',
    got: () =>
      blockIoLimits(
        {
          throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1024 }],
          throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 0n }],
        },
        v2,
      ),
    want: ['io.max=8:0 rbps=1024', 'io.max=8:16 wiops=max'],
  },
  {
    name: 'v1 throttles',
    got: () => blockIoLimits({ throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 7 }] }, v1),
    want: ['blkio.throttle.write_bps_device=8:0 7'],
  },
  {
    name: 'v2 huge pages and reservations',
    got: () => hugepageLimits([{ pageSize: '2MB', limit: 0 }], v2),
    want: ['hugetlb.2MB.max=0', 'hugetlb.2MB.rsvd.max=0'],
  },
  {
    name: 'v1 huge pages',
    got: () => hugepageLimits([{ pageSize: '1GB', limit: 18_446_744_073_709_551_615n }], v1),
    want: [
      'hugetlb.1GB.limit_in_bytes=18446744073709551615',
      'hugetlb.1GB.rsvd.limit_in_bytes=18446744073709551615',
    ],
  },
  {
    name: 'RDMA',
    got: () => rdmaLimits({ mlx5_1: { hcaHandles: 3, hcaObjects: 10_000 } }, v2),
    want: ['rdma.max=mlx5_1 hca_handle=3 hca_object=10000'],
  },
  {
    name: 'network class and priority',
    got: () => [
      ...networkClassLimits(1_048_577),
      ...networkPriorityLimits([{ name: 'eth0', priority: 5 }]),
    ],
    want: ['net_cls.classid=1048577', 'net_prio.ifpriomap=eth0 5'],
  },
  {
    name: 'unified: several lines are several writes',
    got: () => unifiedLimits({ 'io.max': '8:0 rbps=1\n8:1 rbps=2\n' })[0]?.writes ?? [],
    want: ['io.max=8:0 rbps=1', 'io.max=8:1 rbps=2'],
  },
]

for (const { name, got, want } of conversions) t.test(name, async (t) => t.same(lines(got()), want))

const refused: { name: string; of: () => unknown; code?: string }[] = [
  { name: 'swap below memory', of: () => memoryLimits({ limit: 10, swap: 5 }, v2) },
  { name: 'swap without memory', of: () => memoryLimits({ swap: 5 }, v2) },
  { name: 'v1 swap without memory', of: () => memoryLimits({ swap: 5 }, v1) },
  { name: 'a memory limit of -2', of: () => memoryLimits({ limit: -2 }, v2) },
  { name: 'half a byte', of: () => memoryLimits({ limit: 0.5 }, v1) },
  { name: 'not a number', of: () => memoryLimits({ limit: Number.NaN }, v1) },
  { name: 'swappiness 101', of: () => memoryLimits({ swappiness: 101 }, v1) },
  { name: 'a quota under 1 ms', of: () => cpuLimits({ quota: 999 }, v2) },
  { name: 'a period over 1 s', of: () => cpuLimits({ period: 1_000_001 }, v1) },
  { name: 'a burst over the quota', of: () => cpuLimits({ quota: 1000, burst: 1001 }, v2) },
  { name: 'idle 2', of: () => cpuLimits({ idle: 2 }, v2) },
  {
    name: 'real-time on v2',
    of: () => cpuLimits({ realtimeRuntime: 1 }, v2),
    code: 'UNSUPPORTED',
  },
  { name: 'a CPU set of words', of: () => cpusetLimits({ cpus: 'all' }, v1) },
  { name: 'a CPU set with a line break', of: () => cpusetLimits({ cpus: '0\n1' }, v1) },
  { name: 'fractional pids', of: () => pidsLimits({ limit: 1.5 }, v1) },
  { name: 'an I/O weight of 9', of: () => blockIoLimits({ weight: 9 }, v2) },
  { name: 'an I/O weight of 1001', of: () => blockIoLimits({ weight: 1001 }, v1) },
  { name: 'a leaf weight', of: () => blockIoLimits({ leafWeight: 10 }, v1), code: 'UNSUPPORTED' },
  {
    name: 'a device number of -1',
    of: () => blockIoLimits({ throttleReadBpsDevice: [{ major: -1, minor: 0, rate: 1 }] }, v2),
  },
  { name: 'a page size without unit', of: () => hugepageLimits([{ pageSize: '2', limit: 1 }], v2) },
  {
    name: 'a page size that is a path',
    of: () => hugepageLimits([{ pageSize: '../2MB', limit: 1 }], v2),
  },
  { name: 'an RDMA device with a space', of: () => rdmaLimits({ 'a b': {} }, v2) },
  {
    name: 'an interface with a slash',
    of: () => networkPriorityLimits([{ name: 'a/b', priority: 1 }]),
  },
  { name: 'a unified key with a slash', of: () => unifiedLimits({ '../memory.max': '1' }) },
  { name: 'a unified key that moves processes', of: () => unifiedLimits({ 'cgroup.procs': '1' }) },
]

for (const { name, of, code = 'INVALID_SPEC' } of refused)
  t.test(`refuses ${name}`, async (t) => t.throws(of, { code }))

const weights: [shares: number | bigint, weight: number][] = [
  [0, 1],
  [2, 1],
  [512, 59],
  [1024, 100],
  [2048, 174],
  [262_144, 10_000],
  [18_446_744_073_709_551_615n, 10_000],
]

for (const [shares, weight] of weights)
  t.test(`${shares} shares weigh ${weight}`, async (t) => t.equal(sharesToWeight(shares), weight))

t.test('what v2 does not have is left out with a warning', async (t) => {
  const own = context('v2')
  const memory = { kernel: 1, kernelTCP: 1, swappiness: 1, disableOOMKiller: true }
  t.same(memoryLimits(memory, own), [])
  t.equal(own.warnings.length, 4)
})
