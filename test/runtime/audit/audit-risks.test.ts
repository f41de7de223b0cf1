import t from 'tap'
import { parseMounts } from '../../../runtime/audit/audit-facts.ts'
import type { AuditFacts, AuditMount } from '../../../runtime/audit/audit-facts.ts'
import { findRisks } from '../../../runtime/audit/audit-risks.ts'

const mount = (root: string, destination: string, more: Partial<AuditMount> = {}): AuditMount => ({
  root,
  destination,
  fileSystem: 'ext4',
  source: '/dev/vda',
  isWritable: true,
  options: ['rw'],
  ...more,
})

const proc = [
  mount('/', '/proc', { fileSystem: 'proc' }),
  mount('/sys', '/proc/sys', { fileSystem: 'proc', isWritable: false }),
]

/** As strict as it gets. */
const strict: AuditFacts = {
  pid: 1,
  user: { uid: 1000, gid: 1000, groups: [] },
  capabilities: { effective: [], permitted: [], inheritable: [], bounding: [], ambient: [] },
  noNewPrivileges: true,
  seccompFilters: 1,
  seccompMode: 'filter',
  namespaces: (['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'] as const).map((type) => ({
    type,
    isHosts: false,
  })),
  rootIs: 100_000,
  mounts: proc,
  label: 'unconfined',
  landlock: 'own',
  devices: ['c *:* m', 'b *:* m', 'c 1:3 rwm'],
  limits: { memory: 1, pids: 1 },
}

const caps = (...names: string[]): AuditFacts['capabilities'] => ({
  ...strict.capabilities,
  effective: names,
  bounding: names,
})
const shared = (name: string): AuditFacts['namespaces'] =>
  strict.namespaces.map((one) => ({ ...one, isHosts: one.type === name }))

t.test('nothing is said of what is strict', async (t) => {
  t.strictSame(findRisks(strict), [])
})

const rows: [string, Partial<AuditFacts>, RegExp, string][] = [
  [
    'root of the host',
    { rootIs: 0, user: { uid: 0, gid: 0, groups: [] } },
    /its root is the host’s/,
    'medium',
  ],
  [
    'a capability',
    { namespaces: shared('user'), capabilities: caps('CAP_SYS_ADMIN') },
    /CAP_SYS_ADMIN/,
    'critical',
  ],
  [
    'a capability over its own users alone',
    { capabilities: caps('CAP_SYS_ADMIN') },
    /CAP_SYS_ADMIN/,
    'low',
  ],
  ['no filter', { seccompMode: 'none' }, /no filter/, 'high'],
  ['processes of the host', { namespaces: shared('pid') }, /pid namespace/, 'high'],
  ['network of the host', { namespaces: shared('net') }, /net namespace/, 'high'],
  ['set-user-id programs', { noNewPrivileges: false }, /gain privileges/, 'low'],
  ['the root folder', { mounts: [...proc, mount('/', '/host')] }, /^\/ of the host/, 'critical'],
  [
    'the root folder to read',
    { mounts: [...proc, mount('/', '/host', { isWritable: false })] },
    /read-only/,
    'medium',
  ],
  ['settings', { mounts: [...proc, mount('/etc', '/mnt')] }, /^\/etc of the host/, 'high'],
  [
    'a socket, though read-only',
    { mounts: [...proc, mount('/run/docker.sock', '/s', { isWritable: false })] },
    /docker\.sock/,
    'critical',
  ],
  [
    'sysfs',
    { mounts: [...proc, mount('/', '/sys', { fileSystem: 'sysfs' })] },
    /sysfs.*writable/,
    'high',
  ],
  [
    'kernel settings',
    { mounts: [mount('/', '/proc', { fileSystem: 'proc' })] },
    /\/proc\/sys/,
    'high',
  ],
  ['every device', { devices: ['a *:* rwm'] }, /every device/, 'critical'],
  ['memory', { limits: { memory: -1, pids: 1 } }, /memory/, 'low'],
  ['processes', { limits: { memory: 1, pids: -1 } }, /processes/, 'low'],
]

for (const [title, change, finding, level] of rows)
  t.test(`risk: ${title}`, async (t) => {
    const risks = findRisks({ ...strict, ...change })
    const risk = risks.find((one) => finding.test(one.finding))
    t.match(risk, { level, consequence: /./, cure: /./ }, JSON.stringify(risks))
    t.equal(risks.length, 1, 'and nothing else')
  })

t.test('a data folder of the host is no risk', async (t) => {
  t.strictSame(findRisks({ ...strict, mounts: [...proc, mount('/srv/data', '/data')] }), [])
})

t.test('mounts with spaces, and read-only by the mount or by the file system', async (t) => {
  const text = `1 2 0:1 / /a\\040b rw,nosuid - tmpfs tmpfs rw
3 2 0:2 /x /c ro,relatime shared:1 - ext4 /dev/vda rw
4 2 0:3 / /d rw - overlay overlay ro,lowerdir=/l
`
  t.match(parseMounts(text), [
    { destination: '/a b', isWritable: true, fileSystem: 'tmpfs' },
    { destination: '/c', root: '/x', isWritable: false, source: '/dev/vda' },
    { destination: '/d', isWritable: false },
  ])
})
