import t from 'tap'
import { textAt } from '../../../orchestrator/api/object.ts'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { makeAddressRanges } from '../../../orchestrator/controllers/node-ipam/address-ranges.ts'
import { startNodeIpamController } from '../../../orchestrator/controllers/node-ipam/node-ipam-controller.ts'
import { planRanges } from '../../../orchestrator/controllers/node-ipam/plan-ranges.ts'
import { makeEvictionBudget } from '../../../orchestrator/controllers/node-lifecycle/eviction-budget.ts'
import { makeHearingClock } from '../../../orchestrator/controllers/node-lifecycle/hearing-clock.ts'
import { startNodeLifecycleController } from '../../../orchestrator/controllers/node-lifecycle/node-lifecycle-controller.ts'
import {
  readiness,
  taintsOf,
  wantedTaints,
} from '../../../orchestrator/controllers/node-lifecycle/node-taints.ts'
import { readZones } from '../../../orchestrator/controllers/node-lifecycle/zone-state.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import {
  conditionOf,
  isReady,
  podPhase,
} from '../../../orchestrator/controllers/objects/pod-facts.ts'
import { startPodGcController } from '../../../orchestrator/controllers/pod-gc/pod-gc-controller.ts'
import { evictionWaitMs } from '../../../orchestrator/controllers/taint-eviction/plan-taint-eviction.ts'
import { startTaintEvictionController } from '../../../orchestrator/controllers/taint-eviction/taint-eviction-controller.ts'
import { openCluster, readyNode, runningStatus } from './cluster-under-test.ts'

const now = new Date('2026-01-01T01:00:00Z')

function withReady(node: KubeObject, status: string): KubeObject {
  return { ...node, status: { conditions: [{ type: 'Ready', status }] } }
}

function podOn(
  node: string,
  name: string,
  tolerations: Record<string, string | number>[] = [],
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName: node, containers: [{ name: 'c', image: 'i' }], tolerations },
  }
}

t.test('a server that stood still does not hold it against the nodes', async (t) => {
  let time = 0
  const clock = makeHearingClock(100, () => time)
  time += 100
  t.equal(clock.tick(), 0)
  time += 60_000
  t.equal(clock.tick(), 59_900, 'how late it was')
  t.equal(clock.now(), 300, 'a minute of standing still is a tick')
})

t.test('taints follow conditions', async (t) => {
  const full = (name: string): string => `node.kubernetes.io/${name}`
  const rows = [
    { title: 'ready', node: readyNode('a'), evict: false, want: [] },
    {
      title: 'not ready',
      node: withReady(readyNode('a'), 'False'),
      evict: false,
      want: [[full('not-ready'), 'NoSchedule']],
    },
    {
      title: 'unknown, to be emptied',
      node: withReady(readyNode('a'), 'Unknown'),
      evict: true,
      want: [
        [full('unreachable'), 'NoSchedule'],
        [full('unreachable'), 'NoExecute'],
      ],
    },
    {
      title: 'cordoned, with a taint of somebody else and one of the past',
      node: {
        ...readyNode('a'),
        spec: {
          unschedulable: true,
          taints: [
            { key: 'gpu', effect: 'NoSchedule' },
            { key: full('not-ready'), effect: 'NoExecute' },
          ],
        },
      },
      evict: false,
      want: [
        ['gpu', 'NoSchedule'],
        [full('unschedulable'), 'NoSchedule'],
      ],
    },
  ]
  for (const { title, node, evict, want } of rows)
    t.strictSame(
      wantedTaints(node, evict, now).map(({ key, effect }) => [key, effect]),
      want,
      title,
    )
})

t.test('many silent nodes are a broken network', async (t) => {
  const rates = { perSecond: 0.1, reducedPerSecond: 0.01, unhealthyShare: 0.55, smallZone: 50 }
  const rows: [up: number, down: number, state: string, perSecond: number][] = [
    [3, 0, 'Normal', 0.1],
    [1, 2, 'Normal', 0.1],
    [2, 3, 'PartialDisruption', 0],
    [20, 40, 'PartialDisruption', 0.01],
    [0, 2, 'FullDisruption', 0.1],
  ]
  for (const [up, down, state, perSecond] of rows) {
    const nodes = [
      ...Array.from({ length: up }, (_, i) => readyNode(`up${i}`)),
      ...Array.from({ length: down }, (_, i) => withReady(readyNode(`down${i}`), 'Unknown')),
    ]
    const { zones, allDown } = readZones(nodes, rates)
    t.strictSame(zones.get(':'), { state, perSecond }, `${up} up, ${down} down`)
    t.equal(allDown, up === 0)
  }
})

t.test('nodes are emptied one by one', async (t) => {
  const budget = makeEvictionBudget()
  t.equal(budget.take('z', 0.1, 0), true)
  t.equal(budget.take('z', 0.1, 5_000), false)
  t.equal(budget.take('z', 0.1, 11_000), true)
  t.equal(budget.take('z', 0, 100_000), false, 'not at all')
})

t.test('as many nodes at once as a second allows', async (t) => {
  const budget = makeEvictionBudget()
  const taken = [0, 0, 0, 250].map((at) => budget.take('z', 2, at))
  t.strictSame(taken, [true, true, false, false])
  t.equal(budget.take('z', 2, 500), true, 'half a second later')
})

t.test('how long a pod stays', async (t) => {
  const key = 'node.kubernetes.io/unreachable'
  const taint = { key, effect: 'NoExecute', timeAdded: '2026-01-01T00:59:50Z' }
  const node = { ...readyNode('a'), spec: { taints: [taint] } }
  const rows = [
    { title: 'no toleration', tolerations: [], want: 0 },
    {
      title: 'for a time',
      tolerations: [{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }],
      want: 20_000,
    },
    { title: 'for ever', tolerations: [{ operator: 'Exists' }], want: undefined },
    { title: 'another taint', tolerations: [{ key: 'x', operator: 'Exists' }], want: 0 },
  ]
  t.equal(
    evictionWaitMs(podOn('a', 'p', rows[1]!.tolerations), node, new Date('2026-01-01T00:00:00Z')),
    30_000,
    'no longer where the clock was set back',
  )
  for (const { title, tolerations, want } of rows)
    t.equal(evictionWaitMs(podOn('a', 'p', tolerations), node, now), want, title)
})

t.test('address ranges', async (t) => {
  const ranges = makeAddressRanges('10.244.0.0/16', 24)
  t.equal(ranges.block(3), '10.244.3.0/24')
  t.strictSame(ranges.numbersOf('10.244.4.0/23'), { first: 4, last: 5 })
  t.equal(ranges.numbersOf('10.1.0.0/24'), undefined)
  t.equal(makeAddressRanges('fd00::/48', 64).block(10), 'fd00:0:0:a::/64')
  const taken = { ...readyNode('a'), spec: { podCIDR: '10.244.0.0/24' } }
  t.match(planRanges([taken, readyNode('b')], ranges), [
    { verb: 'update', object: { metadata: { name: 'b' }, spec: { podCIDR: '10.244.1.0/24' } } },
  ])
  const small = makeAddressRanges('10.0.0.0/24', 24)
  t.match(planRanges([readyNode('a'), readyNode('b')], small), [
    { verb: 'update' },
    { verb: 'remark', remark: { reason: 'CIDRNotAvailable' } },
  ])
})

t.test('a node that falls silent, comes back and goes', async (t) => {
  const { client, until, patchStatus } = await openCluster(
    t,
    [
      startNodeIpamController,
      startNodeLifecycleController,
      startPodGcController,
      startTaintEvictionController,
    ],
    { nodeMonitorGrace: 600, nodeStartupGrace: 600, goneNodeQuarantine: 50 },
  )
  const lease = { namespace: 'kube-node-lease', name: 'alive' }
  await client
    .create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'kube-node-lease' },
    })
    .catch(() => undefined)
  await client.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: lease,
    spec: { renewTime: new Date().toISOString().replace('Z', '000Z') },
  })
  const beat = setInterval(() => {
    const renewTime = new Date().toISOString().replace('Z', '000Z')
    client.patch(kinds.lease, lease, 'merge', { spec: { renewTime } }).catch(() => undefined)
  }, 100)
  t.teardown(() => clearInterval(beat))
  for (const name of ['alive', 'silent']) await client.create(readyNode(name))
  for (const name of ['alive', 'silent'])
    await patchStatus(readyNode(name), readyNode(name).status as Record<string, unknown>)
  const toleration = {
    key: 'node.kubernetes.io/unreachable',
    operator: 'Exists',
    effect: 'NoExecute',
  }
  const stays = await client.create(podOn('silent', 'stays', [toleration]))
  const leaves = await client.create(
    podOn('silent', 'leaves', [{ ...toleration, tolerationSeconds: 0 }]),
  )
  for (const pod of [stays, leaves]) await patchStatus(pod, runningStatus('10.244.0.2'))

  const nodes = await until(kinds.node, (all) => all.some((node) => readiness(node) === 'Unknown'))
  const silent = nodes.find(({ metadata }) => metadata.name === 'silent')!
  t.match(conditionOf(silent, 'Ready'), { status: 'Unknown', reason: 'NodeStatusUnknown' })
  t.equal(readiness(nodes.find(({ metadata }) => metadata.name === 'alive')!), 'True')
  t.ok(nodes.every((node) => /^10\.244\.\d+\.0\/24$/.test(textAt(node, ['spec', 'podCIDR']) ?? '')))
  const pods = await until(kinds.pod, (all) => {
    const gone = all.find(({ metadata }) => metadata.name === 'leaves')
    return gone?.metadata.deletionTimestamp !== undefined && all.every((pod) => !isReady(pod))
  })
  const left = pods.find(({ metadata }) => metadata.name === 'leaves')!
  t.match(conditionOf(left, 'DisruptionTarget'), {
    status: 'True',
    reason: 'DeletionByTaintManager',
  })

  await patchStatus(silent, {
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-02-01T00:00:00Z' }],
  })
  await until(kinds.node, (all) => all.every((node) => taintsOf(node).length === 0))

  await client.delete(kinds.node, { name: 'silent' })
  await until(kinds.pod, (all) => all.length === 0)
  t.ok(podPhase(stays))
})
