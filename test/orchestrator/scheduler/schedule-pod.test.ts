import t from 'tap'
import { choosePlugins } from '../../../orchestrator/scheduler/default-plugins.ts'
import { readLabelSelector } from '../../../orchestrator/scheduler/label-match.ts'
import { makeNodeInfo, readNodeFacts } from '../../../orchestrator/scheduler/node-info.ts'
import type { NodeInfo } from '../../../orchestrator/scheduler/node-info.ts'
import type { PodInfo } from '../../../orchestrator/scheduler/pod-info.ts'
import { sampleSize } from '../../../orchestrator/scheduler/sample-size.ts'
import { schedulePod } from '../../../orchestrator/scheduler/schedule-pod.ts'
import { findSmallestChanges } from '../../../orchestrator/scheduler/smallest-change.ts'
import { makeSnapshot } from '../../../orchestrator/scheduler/snapshot.ts'
import type { SnapshotParts } from '../../../orchestrator/scheduler/snapshot.ts'
import { makeNode, makePod, nodeObject } from './fixtures.ts'

const options = {
  plugins: choosePlugins(),
  percentageOfNodesToScore: 0,
  random: () => 0,
}
const attempt = (pod: PodInfo, nodes: NodeInfo[], parts: SnapshotParts = {}) =>
  schedulePod(pod, makeSnapshot(nodes, parts), 0, options)
const priority = (value: number, more: object = {}) => ({ spec: { priority: value, ...more } })
const unhelpful = 'Preemption is not helpful for scheduling'
const noVictims = 'No preemption victims found for incoming pod'

const messages: { name: string; pod: PodInfo; nodes: NodeInfo[]; message: string }[] = [
  {
    name: 'no nodes',
    pod: makePod('a'),
    nodes: [],
    message: 'no nodes available to schedule pods',
  },
  {
    name: 'several reasons, counted',
    pod: makePod('a', { cpu: '2' }),
    nodes: [
      makeNode('n1', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } }),
      makeNode('n2', {}, [makePod('b', { cpu: '3' })]),
      makeNode('n3', {}, [makePod('c', { cpu: '3' })]),
    ],
    message:
      '0/3 nodes are available: 1 node(s) had untolerated taint {k: v}, 2 Insufficient cpu. ' +
      `preemption: 0/3 nodes are available: 1 ${unhelpful}, 2 ${noVictims}.`,
  },
  {
    name: 'more than any node has',
    pod: makePod('a', { cpu: '5' }),
    nodes: [makeNode('n1')],
    message:
      '0/1 nodes are available: 1 Insufficient cpu. ' +
      `preemption: 0/1 nodes are available: 1 ${unhelpful}.`,
  },
  {
    name: 'a pod that ends no others',
    pod: makePod('a', { cpu: '2', spec: { priority: 5, preemptionPolicy: 'Never' } }),
    nodes: [makeNode('n1', {}, [makePod('b', { cpu: '3' })])],
    message:
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
  },
  {
    name: 'victims are leaving already',
    pod: makePod('a', { cpu: '2', ...priority(5), status: { nominatedNodeName: 'n1' } }),
    nodes: [
      makeNode('n1', {}, [
        makePod('b', { cpu: '3', metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      ]),
    ],
    message:
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to a terminating pod on the nominated node.',
  },
  {
    name: 'a victim is found: nothing is said of preemption',
    pod: makePod('a', { cpu: '2', ...priority(5) }),
    nodes: [makeNode('n1', {}, [makePod('b', { cpu: '3' })])],
    message: '0/1 nodes are available: 1 Insufficient cpu.',
  },
]

for (const { name, pod, nodes, message } of messages)
  t.test(`message: ${name}`, async (t) => t.equal(attempt(pod, nodes).message, message))

const big = (name: string, cpu: string, value: number, more: object = {}) =>
  makePod(name, { cpu, spec: { priority: value }, ...more })
const app = (name: string) => ({ labels: { app: name } })
const budget = (name: string, allowed: number) => ({
  namespace: 'default',
  selector: readLabelSelector({ matchLabels: { app: name } }),
  allowed,
  disrupted: new Set<string>(),
})

const preemptions: {
  name: string
  pod: PodInfo
  nodes: NodeInfo[]
  parts?: SnapshotParts
  node: string
  victims: string[]
}[] = [
  {
    name: 'no more victims than are needed, the least important',
    pod: big('a', '2', 10),
    nodes: [makeNode('n1', {}, [big('b', '2', 1), big('c', '1', 3), big('d', '1', 2)])],
    node: 'n1',
    victims: ['default/b'],
  },
  {
    name: 'the node whose greatest victim matters least',
    pod: big('a', '4', 10),
    nodes: [
      makeNode('n1', {}, [big('b', '1', 5)]),
      makeNode('n2', {}, [big('c', '1', 2), big('d', '1', 2)]),
    ],
    node: 'n2',
    victims: ['default/c', 'default/d'],
  },
  {
    name: 'then fewest victims',
    pod: big('a', '4', 10),
    nodes: [
      makeNode('n1', {}, [big('b', '1', 0), big('e', '1', 0)]),
      makeNode('n2', {}, [big('c', '1', 0)]),
    ],
    node: 'n2',
    victims: ['default/c'],
  },
  {
    name: 'then who started last',
    pod: big('a', '4', 10),
    nodes: [
      makeNode('n1', {}, [big('b', '1', 0, { status: { startTime: '2026-01-01T00:00:00Z' } })]),
      makeNode('n2', {}, [big('c', '1', 0, { status: { startTime: '2026-01-02T00:00:00Z' } })]),
    ],
    node: 'n2',
    victims: ['default/c'],
  },
  {
    name: 'a budget is broken only when there is no other way',
    pod: big('a', '4', 10),
    nodes: [
      makeNode('n1', {}, [big('b', '1', 0, app('web'))]),
      makeNode('n2', {}, [big('c', '1', 5)]),
    ],
    parts: { budgets: [budget('web', 0)] },
    node: 'n2',
    victims: ['default/c'],
  },
  {
    name: 'the pods of a budget are spared first on a node',
    pod: big('a', '2', 10),
    nodes: [makeNode('n1', {}, [big('b', '2', 0, app('web')), big('c', '2', 5)])],
    parts: { budgets: [budget('web', 0)] },
    node: 'n1',
    victims: ['default/c'],
  },
]

for (const { name, pod, nodes, parts, ...want } of preemptions)
  t.test(`preemption: ${name}`, async (t) => {
    const { preemption } = attempt(pod, nodes, parts)
    t.equal(preemption?.node, want.node)
    t.same(
      preemption?.victims.map(({ key }) => key),
      want.victims,
    )
  })

t.test('a pod of equal priority is no victim', async (t) => {
  const nodes = [makeNode('n1', {}, [big('b', '4', 10)])]
  t.equal(attempt(big('a', '1', 10), nodes).preemption, undefined)
})

t.test('room that another pod waits for is not taken', async (t) => {
  const waiting = big('w', '3', 10)
  const nodes = [makeNode('n1'), makeNode('n2', { cpu: '3' })]
  const nominated = new Map([['n1', [waiting]]])
  t.equal(attempt(big('a', '2', 1), nodes, { nominated }).chosen?.name, 'n2')
  t.equal(attempt(big('a', '2', 20), [nodes[0]!], { nominated }).chosen?.name, 'n1')
})

t.test('a nominated node is tried first', async (t) => {
  const nodes = [makeNode('n1'), makeNode('n2', {}, [makePod('b', { cpu: '3' })])]
  const { chosen } = attempt(makePod('a', { cpu: '1', status: { nominatedNodeName: 'n2' } }), nodes)
  t.equal(chosen?.name, 'n2')
})

t.test('not all nodes of a great cluster are looked at, and the next search goes on', async (t) => {
  const nodes = Array.from({ length: 1000 }, (_, index) =>
    makeNodeInfo(readNodeFacts(nodeObject(`n${index}`))),
  )
  const { lookedAt, feasible } = schedulePod(makePod('a'), makeSnapshot(nodes), 900, options)
  t.equal(lookedAt, 420)
  t.equal(feasible[0]?.name, 'n900')
  t.equal(feasible[100]?.name, 'n0')
})

const sizes: [number, number, number][] = [
  [99, 0, 99],
  [100, 0, 100],
  [1000, 0, 420],
  [10_000, 0, 500],
  [1000, 10, 100],
  [1000, 100, 1000],
]

for (const [nodes, percent, size] of sizes)
  t.test(`sample of ${nodes} at ${percent}`, async (t) => t.equal(sampleSize(nodes, percent), size))

t.test('the smallest change', async (t) => {
  const nodes = [
    makeNode('n1', {}, [makePod('b', { cpu: '3500m' })]),
    makeNode('n2', {}, [makePod('c', { cpu: '2500m' })]),
    makeNode('n3', {
      cpu: '1',
      spec: { unschedulable: true, taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] },
    }),
  ]
  const snapshot = makeSnapshot(nodes)
  const changes = findSmallestChanges(
    snapshot,
    schedulePod(makePod('a', { cpu: '2' }), snapshot, 0, options),
  )
  t.equal(changes[0]?.node, 'n2')
  t.match(changes[0]?.changes, [/^ask for 500m less cpu.*node n2.*asks for 2, 1500m is left$/])
  t.match(changes[1]?.changes, [/^uncordon node n3$/, /^tolerate the taint k=v:NoSchedule/, /cpu/])
})
