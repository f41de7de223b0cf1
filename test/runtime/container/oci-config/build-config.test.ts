import t from 'tap'
import { defaultOptions } from '../../../../runtime/container/default-options.ts'
import { plainMount } from '../../../../runtime/container/mount-spec.ts'
import { validateConfig } from '../../../../runtime/spec/config.ts'
import { sampleConfig } from './sample.ts'

const { security, network, namespaces } = defaultOptions('sample')

t.test('the default configuration is valid and docker-grade', async (t) => {
  const config = sampleConfig()
  validateConfig(config)
  t.equal(config.hostname, 'abcdef012345')
  t.strictSame(config.process?.args, ['sh'])
  t.equal(config.process?.cwd, '/')
  t.equal(config.process?.capabilities?.bounding?.length, 11)
  t.strictSame(config.process?.capabilities?.inheritable, [])
  t.strictSame(
    config.linux?.namespaces?.map(({ type }) => type),
    ['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'],
  )
  t.equal(config.linux?.sysctl?.['net.ipv4.ip_unprivileged_port_start'], '0')
  t.ok(config.linux?.maskedPaths?.includes('/proc/kcore'))
  t.ok(config.linux?.readonlyPaths?.includes('/proc/sys'))
  t.strictSame(config.linux?.resources?.devices?.[0], { allow: false, access: 'rwm' })
  t.ok(config.linux?.seccomp)
})

t.test('the environment: ours, then the image’s, then the user’s', async (t) => {
  const config = sampleConfig({ options: { tty: true, env: ['LANG=de', 'A=1'] } })
  t.strictSame(config.process?.env, [
    'HOSTNAME=abcdef012345',
    'TERM=xterm',
    'container=mycontainer',
    'PATH=/bin',
    'LANG=de',
    'A=1',
    'HOME=/root',
  ])
})

t.test('HOME of the user is kept', async (t) => {
  const config = sampleConfig({ options: { env: ['HOME=/x'] } })
  t.notMatch(config.process?.env, ['HOME=/root'])
})

t.test('another user than root starts without effective capabilities', async (t) => {
  const config = sampleConfig({ options: { user: 'app' } })
  t.strictSame(config.process?.capabilities?.effective, [])
  t.equal(config.process?.capabilities?.bounding?.length, 11)
  t.equal(config.process?.user.uid, 1000)
})

t.test('privileged opens everything', async (t) => {
  const config = sampleConfig({ options: { security: { ...security, privileged: true } } })
  validateConfig(config)
  t.strictSame(config.linux?.maskedPaths, [])
  t.strictSame(config.linux?.readonlyPaths, [])
  t.equal(config.linux?.seccomp, undefined)
  t.strictSame(config.linux?.resources?.devices, [{ allow: true, access: 'rwm' }])
  t.equal(config.linux?.devices?.[0]?.path, '/dev/kmsg')
  t.ok(config.mounts?.find(({ destination }) => destination === '/sys')?.options?.includes('rw'))
})

t.test('privileged with a profile has that filter', async (t) => {
  const own = { ...security, privileged: true, seccomp: '/profile.json' }
  t.ok(sampleConfig({ options: { security: own } }).linux?.seccomp)
})

t.test('a mount of the user’s replaces the system’s, and parents come first', async (t) => {
  const mounts = [
    { spec: plainMount('bind', '/a/b/c'), source: '/deep' },
    { spec: plainMount('bind', '/a'), source: '/shallow' },
    { spec: { ...plainMount('tmpfs', '/dev/shm'), tmpfsSize: 5 }, source: '' },
    { spec: { ...plainMount('bind', '/etc/hosts'), readOnly: true }, source: '/mine' },
  ]
  const { mounts: made = [] } = sampleConfig({ facts: { mounts } })
  t.equal(made.filter(({ destination }) => destination === '/dev/shm').length, 1)
  t.equal(made.find(({ destination }) => destination === '/etc/hosts')?.source, '/mine')
  const at = (path: string) => made.findIndex(({ destination }) => destination === path)
  t.ok(at('/a') < at('/a/b/c'))
})

t.test('propagation of a mount decides that of the root', async (t) => {
  const spec = { ...plainMount('bind', '/a'), propagation: 'rslave' as const }
  const config = sampleConfig({ facts: { mounts: [{ spec, source: '/a' }] } })
  t.equal(config.linux?.rootfsPropagation, 'rslave')
})

t.test('host namespaces are not made, joined ones have a path', async (t) => {
  const config = sampleConfig({
    options: {
      network: { ...network, mode: { kind: 'container', container: 'web' } },
      namespaces: { ...namespaces, pid: { kind: 'host' }, time: { kind: 'private' } },
    },
    facts: { namespacePaths: { network: '/proc/7/ns/net' } },
  })
  const found = config.linux?.namespaces ?? []
  t.notOk(found.some(({ type }) => type === 'pid'))
  t.strictSame(
    found.find(({ type }) => type === 'network'),
    { type: 'network', path: '/proc/7/ns/net' },
  )
  t.ok(found.some(({ type }) => type === 'time'))
  t.strictSame(config.linux?.sysctl, {})
})

t.test('a namespace to join that is not there is an error', async (t) => {
  const options = {
    network: { ...network, mode: { kind: 'container', container: 'web' } as const },
  }
  t.throws(() => sampleConfig({ options }), { code: 'BAD_STATE' })
})

t.test('limits', async (t) => {
  const resources = { memory: 50 * 1024 * 1024, cpus: 0.5, pidsLimit: 0, cpuShares: 512 }
  const config = sampleConfig({ options: { resources } })
  validateConfig(config)
  t.match(config.linux?.resources, {
    memory: { limit: 52_428_800, swap: 104_857_600 },
    cpu: { quota: 50_000, period: 100_000, shares: 512 },
    pids: { limit: -1 },
  })
})

t.test('a rate for what is no block device', async (t) => {
  const resources = { deviceReadBps: [{ path: '/dev/fuse', rate: 1 }] }
  t.throws(() => sampleConfig({ options: { resources } }), { code: 'INVALID_ARGUMENT' })
})

t.test('an unlimited ulimit is 2^64 - 1', async (t) => {
  const ulimits = [{ name: 'nofile', soft: 5, hard: -1 }]
  const config = sampleConfig({ options: { ulimits } })
  t.strictSame(config.process?.rlimits, [{ type: 'RLIMIT_NOFILE', soft: 5, hard: 2n ** 64n - 1n }])
})

t.test('a device under another name', async (t) => {
  const devices = [{ hostPath: '/dev/fuse', containerPath: '/dev/f', permissions: 'rw' }]
  const config = sampleConfig({ options: { devices } })
  t.match(config.linux?.devices, [{ path: '/dev/f', major: 10, minor: 229 }])
  t.match(config.linux?.resources?.devices?.at(-1), { allow: true, major: 10, access: 'rw' })
})

t.test('a user namespace maps what the facts say', async (t) => {
  const mapping = [{ containerID: 0, hostID: 100_000, size: 1 }]
  const config = sampleConfig({ facts: { uidMappings: mapping, gidMappings: mapping } })
  validateConfig(config)
  t.ok(config.linux?.namespaces?.some(({ type }) => type === 'user'))
  const pts = config.mounts?.find(({ destination }) => destination === '/dev/pts')
  t.notOk(pts?.options?.includes('gid=5'), 'group 5 is not mapped')
})

t.test('terminals have their group where there is one', async (t) => {
  for (const hasTtyGroup of [true, false]) {
    const { mounts } = sampleConfig({ facts: { hasTtyGroup } })
    const pts = mounts?.find(({ destination }) => destination === '/dev/pts')
    t.equal(pts?.options?.includes('gid=5'), hasTtyGroup)
  }
})

const refused: { name: string; key: string; mode?: 'host'; ipc?: 'host' }[] = [
  { name: 'a setting of the host', key: 'kernel.core_pattern' },
  { name: 'the host name', key: 'kernel.hostname' },
  { name: 'network settings with the host’s network', key: 'net.ipv4.ip_forward', mode: 'host' },
  { name: 'IPC settings with the host’s IPC', key: 'kernel.shmmax', ipc: 'host' },
  { name: 'a setting of the host with slashes', key: 'kernel/core_pattern' },
]

for (const { name, key, mode, ipc } of refused) {
  t.test(`refuses the sysctl ${name}`, async (t) => {
    const options = {
      sysctls: { [key]: '1' },
      network: mode ? { ...network, mode: { kind: mode } } : network,
      namespaces: ipc ? { ...namespaces, ipc: { kind: ipc } } : namespaces,
    }
    t.throws(() => sampleConfig({ options }), { code: 'INVALID_ARGUMENT' })
  })
}
