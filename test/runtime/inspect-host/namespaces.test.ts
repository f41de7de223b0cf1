import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import t from 'tap'
import {
  compareNamespaces,
  describeNamespaces,
  describeNamespacesWithOwners,
} from '../../../runtime/inspect-host/namespaces.ts'
import {
  alignColumns,
  renderComparison,
  renderNamespaces,
} from '../../../runtime/inspect-host/render-namespaces.ts'

t.test('our own namespaces', async (t) => {
  const { namespaces, command } = describeNamespaces(process.pid)
  t.ok(command)
  for (const { type, inode, isOurs, members } of namespaces) {
    t.ok(isOurs, type)
    t.equal(`${type}:[${inode}]`, readlinkSync(`/proc/self/ns/${type}`))
    t.ok(members.some(({ pid }) => pid === process.pid))
  }
})

t.test('a process in a user and network namespace of its own', async (t) => {
  const child = spawn('unshare', ['-Urn', 'sh', '-c', 'echo ready; read line'])
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const pid = Number(child.pid)
  const { namespaces } = await describeNamespacesWithOwners(pid)
  const find = (type: string) => namespaces.find((one) => one.type === type)
  t.match(find('user'), {
    isOurs: false,
    isHost: false,
    ownerUid: process.geteuid?.(),
    members: [{ pid }],
    facts: [{ name: 'uid map', value: `0 ${process.geteuid?.()} 1` }, {}, {}],
  })
  t.match(find('net'), { isOurs: false, facts: [{ name: 'interfaces', value: 'lo' }] })
  t.match(find('uts'), { isOurs: true })
  const { rows } = compareNamespaces(process.pid, pid)
  const different = rows.filter(({ isSame }) => !isSame).map(({ type }) => type)
  t.same(different, ['net', 'user'])
})

t.test('processes that are not there', async (t) => {
  t.throws(() => describeNamespaces(2 ** 30), { code: 'NOT_FOUND' })
  t.throws(() => compareNamespaces(process.pid, 2 ** 30), { code: 'NOT_FOUND' })
  t.throws(() => describeNamespaces(0), { code: 'INVALID_ARGUMENT' })
  t.throws(() => describeNamespaces(1.5), { code: 'INVALID_ARGUMENT' })
})

t.test('rendering', async (t) => {
  const members = [1, 2, 3].map((pid) => ({ pid, command: 'sh' }))
  const text = renderNamespaces(
    {
      pid: 1,
      command: 'sh',
      hiddenProcesses: 2,
      namespaces: [
        {
          type: 'pid',
          inode: '42',
          isOurs: false,
          isHost: true,
          ownerUid: 0,
          members,
          facts: [{ name: 'pids', value: '9 1' }],
        },
      ],
    },
    { maxMembers: 2 },
  )
  t.same(text.split('\n'), [
    '1 sh',
    '',
    'KIND  INODE  SHARED WITH  OWNER  PROCESSES  MEMBERS',
    'pid   42     host         uid 0  3          1 sh, 2 sh, and 1 more',
    '',
    'pid: pids: 9 1',
    '',
    '2 processes could not be looked at',
  ])
  t.same(
    renderComparison({
      left: { pid: 1, command: 'a' },
      right: { pid: 2, command: 'b' },
      rows: [
        { type: 'net', isSame: false, leftInode: '5', rightInode: '6' },
        { type: 'uts', isSame: true, leftInode: '7', rightInode: '7' },
      ],
    }).split('\n'),
    ['KIND             1 a  2 b', 'net   different  5    6', 'uts   same       7'],
  )
  t.same(
    alignColumns([
      ['a', ''],
      ['', 'b'],
    ]),
    ['a', '   b'],
  )
})
