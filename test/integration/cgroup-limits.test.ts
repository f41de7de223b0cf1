// Each kind of limit is taken by the kernel of this host, in the hierarchy that it has. Needs root.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import t from 'tap'
import { applyPlan } from '../../runtime/cgroup/apply-plan.ts'
import { foldersOf } from '../../runtime/cgroup/cgroup-files.ts'
import { freeze, isFrozen, thaw } from '../../runtime/cgroup/freeze.ts'
import type { CgroupHierarchy } from '../../runtime/cgroup/hierarchy.ts'
import { killAll } from '../../runtime/cgroup/kill-all.ts'
import { listPids } from '../../runtime/cgroup/list-pids.ts'
import { planCgroup } from '../../runtime/cgroup/plan-cgroup.ts'
import { readHierarchy } from '../../runtime/cgroup/read-hierarchy.ts'
import { readStats } from '../../runtime/cgroup/read-stats.ts'
import { removeGroup } from '../../runtime/cgroup/remove-group.ts'
import type { CgroupResources } from '../../runtime/cgroup/resources.ts'

const hierarchy = readHierarchy()
const isV1 = hierarchy.mode !== 'v2'

function findDisk(): { major: number; minor: number } {
  for (const name of readdirSync('/sys/block')) {
    if (!/^(vd|sd|nvme|xvd)/.test(name)) continue
    const [major, minor] = readFileSync(`/sys/block/${name}/dev`, 'utf8').trim().split(':')
    return { major: Number(major), minor: Number(minor) }
  }
  throw new Error('this host has no disk')
}

const disk = findDisk()
const rate = 1_048_576
const id = `${disk.major}:${disk.minor}`

/** Resources, and what the named files of the group read afterwards: [v1, v2]. */
const cases: { name: string; resources: CgroupResources; read: [RegExp | string, string][] }[] = [
  {
    name: 'memory, swap and reservation',
    resources: { memory: { limit: 64 << 20, swap: 96 << 20, reservation: 32 << 20 } },
    read: isV1
      ? [
          ['67108864', 'memory.limit_in_bytes'],
          ['100663296', 'memory.memsw.limit_in_bytes'],
          ['33554432', 'memory.soft_limit_in_bytes'],
        ]
      : [
          ['67108864', 'memory.max'],
          ['33554432', 'memory.low'],
        ],
  },
  {
    name: 'swappiness, no OOM killer, TCP buffers',
    resources: { memory: { swappiness: 10, disableOOMKiller: true, kernelTCP: 1 << 20 } },
    read: isV1
      ? [
          ['10', 'memory.swappiness'],
          [/^oom_kill_disable 1$/m, 'memory.oom_control'],
          ['1048576', 'memory.kmem.tcp.limit_in_bytes'],
        ]
      : [],
  },
  {
    name: 'CPU shares, quota and burst',
    resources: { cpu: { shares: 2048, quota: 50_000, period: 200_000, burst: 10_000 } },
    read: isV1
      ? [
          ['2048', 'cpu.shares'],
          ['50000', 'cpu.cfs_quota_us'],
          ['200000', 'cpu.cfs_period_us'],
          ['10000', 'cpu.cfs_burst_us'],
        ]
      : [
          ['174', 'cpu.weight'],
          ['50000 200000', 'cpu.max'],
          ['10000', 'cpu.max.burst'],
        ],
  },
  { name: 'idle CPU', resources: { cpu: { idle: 1, shares: 512 } }, read: [['1', 'cpu.idle']] },
  {
    name: 'CPU set',
    resources: { cpu: { cpus: '0', mems: '0' } },
    read: [
      ['0', 'cpuset.cpus'],
      ['0', 'cpuset.mems'],
    ],
  },
  { name: 'pids', resources: { pids: { limit: 7 } }, read: [['7', 'pids.max']] },
  { name: 'any number of pids', resources: { pids: { limit: -1 } }, read: [['max', 'pids.max']] },
  {
    name: 'I/O weight and throttles',
    resources: {
      blockIO: {
        weight: 200,
        throttleReadBpsDevice: [{ ...disk, rate }],
        throttleWriteIOPSDevice: [{ ...disk, rate: 100 }],
      },
    },
    read: isV1
      ? [
          [`${id} ${rate}`, 'blkio.throttle.read_bps_device'],
          [`${id} 100`, 'blkio.throttle.write_iops_device'],
        ]
      : [[`${id} rbps=${rate} wbps=max riops=max wiops=100`, 'io.max']],
  },
  {
    name: 'huge pages',
    resources: { hugepageLimits: [{ pageSize: '2MB', limit: 4 << 20 }] },
    read: hierarchy.v2?.controllers.includes('hugetlb') ? [['4194304', 'hugetlb.2MB.max']] : [],
  },
  {
    name: 'unified',
    resources: { unified: isV1 ? { 'cgroup.max.depth': '3' } : { 'memory.high': '8388608' } },
    read: [isV1 ? ['3', 'cgroup.max.depth'] : ['8388608', 'memory.high']],
  },
]

const group = (name: string): string => `/mycontainer-test-limits-${process.pid}-${name}`

for (const [index, { name, resources, read }] of cases.entries())
  t.test(name, async (t) => {
    const cgroupPath = group(String(index))
    const plan = planCgroup({ hierarchy, resources, cgroupPath, rootless: false })
    t.teardown(() => removeGroup(plan.location))
    applyPlan(plan)
    for (const [want, file] of read) {
      const folder = foldersOf(plan.location).find((at) => existsSync(`${at}/${file}`))
      t.match(readFileSync(`${folder}/${file}`, 'utf8').trim(), want, file)
    }
  })

// A host without a v2 tree, made of the v1 hierarchies of this one.
const legacyHosts: CgroupHierarchy[] = isV1
  ? [{ ...hierarchy, mode: 'v1', v2: undefined, deviceControl: 'v1' }]
  : []

for (const legacy of legacyHosts)
  t.test('v1 alone: track, freeze, count, kill, remove', async (t) => {
    const resources = {
      pids: { limit: 50 },
      devices: [{ allow: false }, { allow: true, type: 'c' as const, major: 1, minor: 3 }],
    }
    const cgroupPath = group('legacy')
    const plan = planCgroup({ hierarchy: legacy, resources, cgroupPath, rootless: false })
    t.teardown(() => removeGroup(plan.location))
    applyPlan(plan)
    const join = plan.join.map((file) => `echo 0 > ${file}`).join(' && ')
    const script = `${join} && : < /dev/null && ! head -c1 /dev/zero && echo joined; sleep 60 & wait`
    const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    t.teardown(() => child.kill('SIGKILL'))
    const [data] = (await once(child.stdout, 'data')) as [Buffer]
    t.equal(data.toString(), 'joined\n', 'device rules hold')
    t.ok(listPids(plan.location).includes(Number(child.pid)))
    freeze(plan.location)
    t.ok(isFrozen(plan.location))
    thaw(plan.location)
    t.notOk(isFrozen(plan.location))
    const { cpu, pids } = readStats(plan.location)
    t.match({ cpu, pids }, { cpu: { source: 'v1' }, pids: { source: 'v1', limit: 50 } })
    t.ok(cpu.usageNs > 0)
    const ended = once(child, 'exit')
    killAll(plan.location)
    t.same(await ended, [null, 'SIGKILL'])
    removeGroup(plan.location)
    for (const folder of foldersOf(plan.location)) t.notOk(existsSync(folder), folder)
  })
