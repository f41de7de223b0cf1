import t from 'tap'
import type { CgroupHierarchy } from '../../../runtime/cgroup/hierarchy.ts'
import { planCgroup } from '../../../runtime/cgroup/plan-cgroup.ts'
import type { CgroupResources } from '../../../runtime/cgroup/resources.ts'

const pure: CgroupHierarchy = {
  mode: 'v2',
  v2: {
    mountPoint: '/sys/fs/cgroup',
    base: '/sys/fs/cgroup',
    controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
  },
  v1: {},
  v1Writable: false,
  swapAccounting: true,
  deviceControl: 'bpf',
}

const v1Mounts = Object.fromEntries(
  'cpu cpuset memory devices freezer blkio pids'.split(' ').map((name) => [name, `/cg/${name}`]),
)

const hybrid: CgroupHierarchy = {
  mode: 'hybrid',
  v2: { mountPoint: '/cg/unified', base: '/cg/unified', controllers: ['hugetlb'] },
  v1: v1Mounts,
  v1Writable: true,
  v1Cpuset: { cpus: '0-3', mems: '0' },
  swapAccounting: true,
  deviceControl: 'bpf',
}

const legacy: CgroupHierarchy = { ...hybrid, mode: 'v1', v2: undefined, deviceControl: 'v1' }
const none: CgroupHierarchy = {
  mode: 'none',
  v1: {},
  v1Writable: false,
  swapAccounting: true,
  deviceControl: 'none',
}

function plan(hierarchy: CgroupHierarchy, resources: CgroupResources, rootless = false) {
  return planCgroup({ hierarchy, resources, cgroupPath: '/mycontainer/web', rootless })
}

const written = (writes: readonly { file: string; value: string }[]): string[] =>
  writes.map(({ file, value }) => `${file}=${value}`)

t.test('v2: controllers are handed down, the container is cloned into its group', async (t) => {
  const { folders, prepare, limits, cloneInto, join, oom, cleanup } = plan(pure, {
    memory: { limit: 1 << 20 },
    pids: { limit: 5 },
  })
  t.same(
    folders.map(({ path }) => path),
    ['/sys/fs/cgroup/mycontainer', '/sys/fs/cgroup/mycontainer/web'],
  )
  t.same(written(prepare), [
    '/sys/fs/cgroup/cgroup.subtree_control=+memory +pids',
    '/sys/fs/cgroup/cgroup.subtree_control=+cpu +io',
    '/sys/fs/cgroup/mycontainer/cgroup.subtree_control=+memory +pids',
    '/sys/fs/cgroup/mycontainer/cgroup.subtree_control=+cpu +io',
  ])
  t.same(written(limits), [
    '/sys/fs/cgroup/mycontainer/web/memory.max=1048576',
    '/sys/fs/cgroup/mycontainer/web/pids.max=5',
  ])
  t.equal(cloneInto, '/sys/fs/cgroup/mycontainer/web')
  t.same(join, [])
  t.same(oom, { kind: 'v2', folder: cloneInto })
  t.same(cleanup, [cloneInto])
})

t.test('hybrid: v2 tracks, and only limited v1 controllers are joined', async (t) => {
  const { cloneInto, join, oom, cleanup, location } = plan(hybrid, { memory: { limit: 1 << 20 } })
  t.equal(cloneInto, '/cg/unified/mycontainer/web')
  t.same(join, ['/cg/memory/mycontainer/web/cgroup.procs'])
  t.same(oom, { kind: 'v1', folder: '/cg/memory/mycontainer/web' })
  t.same(cleanup, ['/cg/unified/mycontainer/web', '/cg/memory/mycontainer/web'])
  t.same(location, {
    path: '/mycontainer/web',
    v2: '/cg/unified/mycontainer/web',
    v1: { memory: '/cg/memory/mycontainer/web' },
  })
})

t.test('hybrid: without limits nothing is joined', async (t) => {
  t.same(plan(hybrid, {}).join, [])
})

t.test('hybrid: a controller that moved to v2 is used there', async (t) => {
  const { limits, join } = plan(hybrid, { hugepageLimits: [{ pageSize: '2MB', limit: 0 }] })
  t.equal(limits[0]?.file, '/cg/unified/mycontainer/web/hugetlb.2MB.max')
  t.same(join, [])
})

t.test('v1 cpuset: every level inherits before the limit', async (t) => {
  const { prepare, limits } = plan(hybrid, { cpu: { cpus: '1' } })
  t.same(written(prepare).slice(-4), [
    '/cg/cpuset/mycontainer/cpuset.cpus=0-3',
    '/cg/cpuset/mycontainer/cpuset.mems=0',
    '/cg/cpuset/mycontainer/web/cpuset.cpus=0-3',
    '/cg/cpuset/mycontainer/web/cpuset.mems=0',
  ])
  t.same(written(limits), ['/cg/cpuset/mycontainer/web/cpuset.cpus=1'])
})

t.test('v1 alone: the freezer holds the processes together', async (t) => {
  const { cloneInto, join } = plan(legacy, {})
  t.equal(cloneInto, undefined)
  t.same(join, ['/cg/freezer/mycontainer/web/cgroup.procs'])
})

t.test('device rules: a BPF program, or v1 writes', async (t) => {
  const devices = [{ allow: false }]
  t.ok(plan(pure, { devices }).devices)
  t.ok(plan(hybrid, { devices }).devices)
  t.same(plan(hybrid, { devices }).join, [])
  t.equal(plan(pure, { devices }, true).devices, undefined, 'rootless needs none')
  t.same(written(plan(legacy, { devices }).limits), ['/cg/devices/mycontainer/web/devices.deny=a'])
})

t.test('unified overrides the named field of the same file', async (t) => {
  const resources = { memory: { limit: 5 }, unified: { 'memory.max': '7', 'memory.high': '6' } }
  t.same(written(plan(pure, resources).limits), [
    '/sys/fs/cgroup/mycontainer/web/memory.max=7',
    '/sys/fs/cgroup/mycontainer/web/memory.high=6',
  ])
})

t.test('nothing asked of a host without cgroups is fine', async (t) => {
  const { folders, cloneInto, join, oom } = plan(none, {})
  t.same(
    { folders, cloneInto, join, oom },
    { folders: [], cloneInto: undefined, join: [], oom: undefined },
  )
})

const delegated: CgroupHierarchy = {
  ...pure,
  v2: { mountPoint: '/sys/fs/cgroup', base: '/sys/fs/cgroup/user/me', controllers: ['memory'] },
}

t.test('a delegated subtree: groups are made below it only', async (t) => {
  const { folders, prepare } = plan(delegated, { memory: { limit: 5 } }, true)
  t.same(
    folders.map(({ path }) => path),
    ['/sys/fs/cgroup/user/me/mycontainer', '/sys/fs/cgroup/user/me/mycontainer/web'],
  )
  t.equal(prepare[0]?.file, '/sys/fs/cgroup/user/me/cgroup.subtree_control')
})

const impossible: { name: string; host: CgroupHierarchy; resources: CgroupResources }[] = [
  { name: 'memory without cgroups', host: none, resources: { memory: { limit: 5 } } },
  { name: 'CPU in a subtree without it', host: delegated, resources: { cpu: { shares: 5 } } },
  { name: 'unified on hybrid', host: hybrid, resources: { unified: { 'memory.max': '1' } } },
  { name: 'unified on v1', host: legacy, resources: { unified: { 'memory.max': '1' } } },
  { name: 'network class on v2', host: pure, resources: { network: { classID: 1 } } },
  { name: 'RDMA where there is none', host: hybrid, resources: { rdma: { a: { hcaHandles: 1 } } } },
  { name: 'device rules without cgroups', host: none, resources: { devices: [{ allow: false }] } },
  {
    name: 'v1 limits without the right',
    host: { ...hybrid, v1Writable: false },
    resources: { pids: { limit: 5 } },
  },
]
t.test('no limit needs no controller', async (t) => {
  const { limits } = plan({ ...hybrid, v1Writable: false }, { pids: { limit: -1 } })
  t.strictSame(limits, [])
})

t.test('a hierarchy that is mounted and closed is not one that is missing', async (t) => {
  const closed: CgroupHierarchy = { ...legacy, v1Writable: false, deviceControl: 'none' }
  const rules: CgroupResources = { devices: [{ allow: false }] }
  t.throws(() => plan(closed, rules), { code: 'UNSUPPORTED', detail: { folder: '/cg/devices' } })
})

for (const { name, host, resources } of impossible)
  t.test(`refuses ${name}`, async (t) => {
    t.throws(() => plan(host, resources), { code: 'UNSUPPORTED' })
  })

const paths: { cgroupPath: string; want: string | undefined }[] = [
  { cgroupPath: 'web', want: '/mycontainer/web' },
  { cgroupPath: '/pods//a/./b/', want: '/pods/a/b' },
  { cgroupPath: 'system.slice:cri:web', want: '/mycontainer/system.slice:cri:web' },
  { cgroupPath: '', want: undefined },
  { cgroupPath: '/', want: undefined },
  { cgroupPath: '/a/../../b', want: undefined },
  { cgroupPath: 'a\nb', want: undefined },
]
for (const { cgroupPath, want } of paths)
  t.test(`path ${JSON.stringify(cgroupPath)}`, async (t) => {
    const request = { hierarchy: pure, cgroupPath, rootless: false }
    if (want === undefined) t.throws(() => planCgroup(request), { code: 'INVALID_SPEC' })
    else t.equal(planCgroup(request).location.path, want)
  })
