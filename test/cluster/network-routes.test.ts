import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { RouteMode } from '../../orchestrator/network/plan-routes.ts'

// Two nodes and a pod of each, all of them network namespaces, on one segment.

const tag = `mr${process.pid}`
const program = join(import.meta.dirname, 'apply-routes-process.ts')
const nodes = [1, 2].map((number) => ({
  name: `node${number}`,
  address: `10.199.0.${number}`,
  podCidr: `10.198.${number}.0/24`,
}))

const ip = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8' })
const inside = (space: string, ...words: string[]): string =>
  execFileSync('ip', ['netns', 'exec', space, ...words], { encoding: 'utf8' })
const nodeSpace = (number: number): string => `${tag}n${number}`
const podSpace = (number: number): string => `${tag}p${number}`

function makeSegment(t: Test): void {
  const spaces = [1, 2].flatMap((number) => [nodeSpace(number), podSpace(number)])
  t.teardown(() => {
    for (const space of spaces) execFileSync('ip', ['netns', 'delete', space])
  })
  for (const space of spaces) ip('netns', 'add', space)
  ip(
    'link',
    'add',
    'eth0',
    'netns',
    nodeSpace(1),
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    nodeSpace(2),
  )
  for (const [at, { address }] of nodes.entries()) {
    const [node, pod] = [nodeSpace(at + 1), podSpace(at + 1)]
    ip('-n', node, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    ip('-n', node, 'link', 'set', 'eth0', 'up')
    ip('-n', node, 'link', 'set', 'lo', 'up')
    ip('link', 'add', 'pods', 'netns', node, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod)
    ip('-n', node, 'address', 'add', `10.198.${at + 1}.1/24`, 'dev', 'pods')
    ip('-n', node, 'link', 'set', 'pods', 'up')
    ip('-n', pod, 'address', 'add', `10.198.${at + 1}.2/24`, 'dev', 'eth0')
    ip('-n', pod, 'link', 'set', 'eth0', 'up')
    ip('-n', pod, 'route', 'add', 'default', 'via', `10.198.${at + 1}.1`)
    inside(node, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
  }
}

function applyAt(number: number, mode: RouteMode, known: readonly object[]): unknown {
  const own = nodes[number - 1]
  const given = JSON.stringify([{ own, mode }, known])
  return JSON.parse(inside(nodeSpace(number), process.execPath, program, given))
}

const ping = (from: number, to: number, ...more: string[]): string =>
  inside(podSpace(from), 'busybox', 'ping', '-c1', '-W5', ...more, `10.198.${to}.2`)

for (const mode of ['auto', 'vxlan'] as const)
  t.test(`pods of two nodes reach each other: ${mode}`, async (t) => {
    makeSegment(t)
    for (const number of [1, 2]) t.same(applyAt(number, mode, nodes), { changes: 1, failures: [] })
    t.match(ping(1, 2), /1 packets received/)
    t.match(ping(2, 1), /1 packets received/)
    t.same(applyAt(1, mode, nodes), { changes: 0, failures: [] }, 'what is right is left alone')
    t.same(applyAt(1, mode, nodes.slice(0, 1)), { changes: 1, failures: [] }, 'a node has gone')
    t.throws(() => ping(1, 2, '-W1'))
    t.same(applyAt(1, mode, nodes), { changes: 1, failures: [] }, 'and come back')
    t.match(ping(1, 2), /1 packets received/)
    t.equal(ip('-n', nodeSpace(1), 'route', 'show', 'proto', '109').trim().split('\n').length, 1)
    inside(nodeSpace(1), process.execPath, program)
    t.equal(ip('-n', nodeSpace(1), 'route', 'show', 'proto', '109').trim(), '')
    t.notMatch(ip('-n', nodeSpace(1), 'link'), /mytun0/)
  })

t.test('from one kind of route to the other', async (t) => {
  makeSegment(t)
  for (const mode of ['auto', 'vxlan', 'direct'] as const) {
    for (const number of [1, 2])
      t.same(applyAt(number, mode, nodes), { changes: 1, failures: [] }, mode)
    t.match(ping(1, 2), /1 packets received/, mode)
  }
})
