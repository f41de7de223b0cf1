import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { applyEdits } from '../../../runtime/cdi/apply-edits.ts'
import { cdiEdits } from '../../../runtime/cdi/find-devices.ts'
import { isCdiName, parseGpus } from '../../../runtime/container/parse/cdi-device.ts'
import type { Config } from '../../../runtime/spec/config.ts'

const folder = mkdtempSync(join(tmpdir(), 'mycontainer-cdi-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const [low, high] = [join(folder, 'low'), join(folder, 'high')]

function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
}

write(
  join(low, 'a.yaml'),
  `
cdiVersion: 0.6.0
kind: example.com/card
unknown: ignored
containerEdits: {env: [COMMON=1], additionalGids: [44]}
devices:
- name: "0"
  containerEdits:
    env: [CARD=0]
    deviceNodes: [{path: /dev/card0, hostPath: /dev/zero, permissions: rw}]
    mounts: [{hostPath: /lib/x, containerPath: /usr/lib/x}]
    hooks: [{hookName: createContainer, path: /bin/true, args: ["true"]}]
- name: "1"
  containerEdits: {env: [CARD=1], deviceNodes: [{path: /dev/card1, type: c, major: 1, minor: 2}]}
`,
)
write(
  join(high, 'b.json'),
  JSON.stringify({
    cdiVersion: '0.6.0',
    kind: 'example.com/card',
    devices: [{ name: '1', containerEdits: { env: ['CARD=one'] } }],
  }),
)

const config: Config = {
  ociVersion: '1.3.0',
  root: { path: '/r' },
  process: { cwd: '/', user: { uid: 0, gid: 0, additionalGids: [1] }, env: ['A=b', 'CARD=x'] },
  linux: { resources: { devices: [{ allow: false, access: 'rwm' }] } },
}

t.test('the parts of a specification and of its devices', async (t) => {
  const edits = cdiEdits(['example.com/card=0'], [low])
  const zero = { type: 'c', major: 1, minor: 5, fileMode: 0o666 } as const
  const made = applyEdits(config, edits, (path) => (path === '/dev/zero' ? zero : { type: 'c' }))
  t.strictSame(made.process?.env, ['A=b', 'CARD=0', 'COMMON=1'])
  t.strictSame(made.process?.user.additionalGids, [1, 44])
  t.strictSame(made.linux?.devices, [{ path: '/dev/card0', ...zero }])
  t.strictSame(made.linux?.resources?.devices?.slice(1), [
    { allow: true, type: 'c', major: 1, minor: 5, access: 'rw' },
  ])
  t.match(made.mounts, [{ destination: '/usr/lib/x', source: '/lib/x', type: 'bind' }])
  t.strictSame(made.hooks?.createContainer, [{ path: '/bin/true', args: ['true'] }])
})

t.test('what is in a later folder wins, and parts of a specification come once', async (t) => {
  t.match(cdiEdits(['example.com/card=1'], [low, high]), [{ env: ['CARD=one'] }])
  t.equal(cdiEdits(['example.com/card=0', 'example.com/card=1'], [low]).length, 3)
})

t.test('what is not there, and what is malformed', async (t) => {
  t.throws(() => cdiEdits(['example.com/card=2'], [low]), { code: 'NOT_FOUND' })
  t.throws(() => cdiEdits(['nvidia.com/gpu=all'], [join(folder, 'none')]), { code: 'NOT_FOUND' })
  for (const text of ['{', 'kind: x', '{"cdiVersion": "0.6.0", "kind": "a/b", "devices": [{}]}']) {
    write(join(folder, 'bad/x.yaml'), text)
    t.throws(() => cdiEdits(['a/b=c'], [join(folder, 'bad')]), { code: 'INVALID_SPEC' })
  }
})

t.test('names', async (t) => {
  t.ok(isCdiName('nvidia.com/gpu=all'))
  for (const text of ['/dev/x', '/dev/x:/dev/y', 'nvidia.com/gpu', 'a=b'])
    t.notOk(isCdiName(text), text)
  t.strictSame(parseGpus('all'), ['nvidia.com/gpu=all'])
  t.strictSame(parseGpus('2'), ['nvidia.com/gpu=0', 'nvidia.com/gpu=1'])
  t.strictSame(parseGpus('"device=0,GPU-1"'), ['nvidia.com/gpu=0', 'nvidia.com/gpu=GPU-1'])
  for (const text of ['', '0', 'device=', 'some'])
    t.throws(() => parseGpus(text), { code: 'INVALID_ARGUMENT' })
})
