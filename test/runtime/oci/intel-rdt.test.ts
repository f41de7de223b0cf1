import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  enterRdt,
  findResctrl,
  joinRdt,
  leaveRdt,
  planRdt,
} from '../../../runtime/oci/intel-rdt.ts'
import type { IntelRdt } from '../../../runtime/spec/config.ts'

// Few machines have resctrl: a folder stands for it. The kernel puts files into a new group; here enterRdt finds them made before.

interface Folder {
  readonly root: string
  readonly read: (path: string) => string
}

function makeGroup(path: string, schemata = ''): void {
  mkdirSync(join(path, 'mon_groups'), { recursive: true })
  writeFileSync(join(path, 'tasks'), '')
  writeFileSync(join(path, 'schemata'), schemata)
}

function resctrl(t: Test): Folder {
  const root = mkdtempSync(join(tmpdir(), 'mycontainer-rdt-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  makeGroup(root)
  makeGroup(join(root, 'there'), '    L3:0=0ff;1=f\n    MB:0=100;1=100\n')
  return { root, read: (path) => readFileSync(join(root, path), 'utf8') }
}

t.test('where it is mounted', async (t) => {
  const line = '30 20 0:30 / /sys/fs/resctrl rw,relatime shared:9 - resctrl resctrl rw'
  t.equal(findResctrl(`21 20 0:5 / /proc rw - proc proc rw\n${line}\n`), '/sys/fs/resctrl')
  t.equal(findResctrl('21 20 0:5 / /proc rw - proc proc rw\n'), undefined)
})

t.test('a group that is there is joined, and stays', async (t) => {
  const same: readonly IntelRdt[] = [
    { closID: 'there' },
    { closID: 'there', l3CacheSchema: 'L3:0=ff;1=f', memBwSchema: 'MB:1=100' },
    { closID: 'there', l3CacheSchema: 'L3:1=0F' },
  ]
  for (const wish of same) {
    const { root, read } = resctrl(t)
    const group = planRdt('one', wish, root)
    t.strictSame(group, { path: join(root, 'there'), isOwn: false, monitor: undefined })
    enterRdt(group!, wish, 42)
    t.equal(read('there/tasks'), '42')
    t.match(read('there/schemata'), '0ff', 'it is not written')
    joinRdt(group!, 43)
    t.equal(read('there/tasks'), '43')
    leaveRdt(group!)
    t.ok(existsSync(join(root, 'there')))
  }
})

t.test('a group with another schema is refused', async (t) => {
  const { root, read } = resctrl(t)
  const wish = { closID: 'there', l3CacheSchema: 'L3:0=ff;1=7' }
  t.throws(() => enterRdt(planRdt('one', wish, root)!, wish, 42), { code: 'INVALID_SPEC' })
  t.equal(read('there/tasks'), '')
})

t.test('lines of schemata are written to a group that is there', async (t) => {
  const { root, read } = resctrl(t)
  const wish = { closID: 'there', schemata: ['L3:0=f', 'MB:0=50'] }
  enterRdt(planRdt('one', wish, root)!, wish, 42)
  t.match(read('there/schemata'), 'L3:0=f\nMB:0=50\n')
})

t.test('/ is the group of the machine', async (t) => {
  const { root, read } = resctrl(t)
  const group = planRdt('one', { closID: '/' }, root)
  enterRdt(group!, { closID: '/' }, 42)
  t.equal(read('tasks'), '42')
  t.strictSame(group, { path: root, isOwn: false, monitor: undefined })
})

t.test('what cannot be is found out before anything is made', async (t) => {
  const { root } = resctrl(t)
  makeGroup(join(root, 'one'))
  const before = readdirSync(root)
  t.throws(() => planRdt('two', { closID: 'absent' }, root), { code: 'NOT_FOUND' })
  t.throws(() => planRdt('one', { l3CacheSchema: 'L3:0=f' }, root), { code: 'ALREADY_EXISTS' })
  t.throws(() => planRdt('two', {}, undefined), { code: 'UNSUPPORTED' })
  t.strictSame(readdirSync(root), before)
})

t.test('a group of its own is made and removed; so is one that monitors', async (t) => {
  const { root } = resctrl(t)
  const own = planRdt('two', {}, root)
  t.strictSame(own, { path: join(root, 'two'), isOwn: true, monitor: undefined })
  // Without the files of the kernel nothing can be written; what was made must go.
  t.throws(() => enterRdt(own!, { l3CacheSchema: 'L3:0=f' }, 42), { code: 'SYSCALL_FAILED' })
  t.notOk(existsSync(join(root, 'two')))
  const wish = { closID: 'there', enableMonitoring: true }
  const monitored = planRdt('two', wish, root)
  t.equal(monitored?.monitor, join(root, 'there/mon_groups/two'))
  t.throws(() => enterRdt(monitored!, wish, 42), { code: 'SYSCALL_FAILED' })
  leaveRdt(monitored!)
  t.notOk(existsSync(join(root, 'there/mon_groups/two')))
  t.ok(existsSync(join(root, 'there')))
})
