import t from 'tap'
import {
  LANDLOCK_FILE,
  LANDLOCK_SCOPE,
  landlockExecRules,
  landlockLevels,
  landlockRules,
} from '../../../runtime/security/landlock.ts'
import type { Config } from '../../../runtime/spec/config.ts'

const own: Config = {
  ociVersion: '1.3.0',
  root: { path: '/r', readonly: true },
  linux: { namespaces: [{ type: 'pid' }, { type: 'network' }] },
  mounts: [
    { destination: '/proc', type: 'proc', options: ['nosuid'] },
    { destination: '/sys', type: 'sysfs', options: ['rw'] },
    { destination: '/data', type: 'bind', source: '/d', options: ['rbind', 'rw'] },
    { destination: '/fixed', type: 'bind', source: '/d', options: ['rbind', 'ro'] },
    { destination: '/deep', type: 'bind', source: '/d', options: ['rbind', 'rro'] },
    { destination: '/tmp', type: 'tmpfs' },
  ],
}
const joined = (type: 'pid' | 'network'): Config => ({
  ...own,
  linux: {
    namespaces: [
      { type: 'pid', ...(type === 'pid' ? { path: '/p' } : {}) },
      { type: 'network', ...(type === 'network' ? { path: '/p' } : {}) },
    ],
  },
})

for (const { title, config, privileged = false } of [
  { title: 'is privileged', config: own, privileged: true },
  { title: 'joins a pid namespace', config: joined('pid') },
  { title: 'joins a network', config: joined('network') },
  { title: 'keeps the host’s', config: { ...own, linux: { namespaces: [] } } },
])
  t.test(`unasked, nothing for a container that ${title}`, async (t) => {
    t.equal(landlockRules({ level: undefined, privileged }, config), undefined)
    for (const level of landlockLevels)
      t.equal(landlockRules({ level, privileged }, config) !== undefined, level !== 'off', level)
  })

t.test('unasked, a domain that a kernel without it does not stop', async (t) => {
  t.match(landlockRules({ level: undefined, privileged: false }, own), {
    isRequired: false,
    handled: 0,
    scoped: LANDLOCK_SCOPE.ABSTRACT_UNIX_SOCKET,
    places: [],
  })
})

t.test('strict: what is writable is what the mounts say', async (t) => {
  const rules = landlockRules({ level: 'strict', privileged: false }, own)
  t.strictSame(
    rules?.places.map(({ path }) => path),
    ['/proc', ...[0, 1, 2].map((n) => `/proc/self/fd/${n}`), '/data', '/tmp'],
  )
  t.equal(rules?.scoped, LANDLOCK_SCOPE.ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE.SIGNAL)
  for (const { path, folder, file } of rules?.places ?? []) {
    t.notOk(folder & (LANDLOCK_FILE.MAKE_CHAR | LANDLOCK_FILE.MAKE_BLOCK), `${path}: no devices`)
    t.equal(folder & (rules?.handled ?? 0), folder, `${path}: only what is handled`)
    t.equal(file, LANDLOCK_FILE.WRITE_FILE | LANDLOCK_FILE.TRUNCATE, path)
  }
  const writable = { ...own, root: { path: '/r' } }
  const paths = landlockRules({ level: 'strict', privileged: false }, writable)?.places
  t.ok(paths?.some(({ path }) => path === '/'))
})

t.test('who enters later gets the rules about files, and no scope', async (t) => {
  for (const level of ['own', 'scoped', 'off', undefined] as const)
    t.equal(landlockExecRules({ level, privileged: false }, own), undefined)
  t.match(landlockExecRules({ level: 'strict', privileged: false }, own), { scoped: 0 })
})
