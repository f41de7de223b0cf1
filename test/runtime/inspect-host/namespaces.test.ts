import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import t from 'tap'
import { describeNamespaces } from '../../../runtime/inspect-host/namespaces.ts'

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
  const { namespaces } = describeNamespaces(pid)
  const find = (type: string) => namespaces.find((one) => one.type === type)
  t.match(find('user'), {
    isOurs: false,
    isHost: false,
    members: [{ pid }],
    facts: [{ name: 'uid map', value: `0 ${process.geteuid?.()} 1` }, {}, {}],
  })
  t.match(find('net'), { isOurs: false, facts: [{ name: 'interfaces', value: 'lo' }] })
  t.match(find('uts'), { isOurs: true })
})

t.test('processes that are not there', async (t) => {
  t.throws(() => describeNamespaces(2 ** 30), { code: 'NOT_FOUND' })
  t.throws(() => describeNamespaces(0), { code: 'INVALID_ARGUMENT' })
  t.throws(() => describeNamespaces(1.5), { code: 'INVALID_ARGUMENT' })
})
