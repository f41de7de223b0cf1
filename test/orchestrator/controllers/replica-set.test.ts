import t from 'tap'
import { numberAt } from '../../../orchestrator/api/object.ts'
import type { JsonObject, KubeObject } from '../../../orchestrator/api/object.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { conditionOf } from '../../../orchestrator/controllers/objects/pod-facts.ts'
import { planReplicaSet } from '../../../orchestrator/controllers/replica-set/plan-replica-set.ts'
import {
  startReplicaSetController,
  startReplicationController,
} from '../../../orchestrator/controllers/replica-set/replica-set-controller.ts'
import { orderVictims } from '../../../orchestrator/controllers/replica-set/victim-order.ts'
import { openCluster } from './cluster-under-test.ts'
import { runPods } from './stand-in-agents.ts'

const now = new Date('2026-01-01T12:00:00Z')
const hours = (count: number): string =>
  new Date(now.getTime() - count * 3_600_000).toISOString().replace('.000', '')

interface PodRow {
  readonly node?: string
  readonly phase?: string
  readonly readySince?: string
  readonly cost?: string
  readonly restarts?: number
  readonly created?: string
}

function pod(name: string, row: PodRow): KubeObject {
  const { node = 'n1', phase = 'Running', readySince, cost, restarts = 0, created } = row
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: readySince ?? '' }
  return {
    ...kinds.pod,
    metadata: {
      name,
      uid: name,
      creationTimestamp: created ?? hours(10),
      annotations: cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost },
    },
    spec: node === '' ? {} : { nodeName: node },
    status: {
      phase,
      conditions: readySince === undefined ? [] : [ready],
      containerStatuses: [{ restartCount: restarts }],
    },
  }
}

const ready = { readySince: hours(9) }
const victims: readonly { title: string; first: PodRow; second: PodRow; crowd?: string }[] = [
  { title: 'without a node before with one', first: { node: '' }, second: {} },
  { title: 'pending before running', first: { phase: 'Pending' }, second: {} },
  { title: 'unknown before running', first: { phase: 'Unknown' }, second: {} },
  { title: 'not ready before ready', first: {}, second: ready },
  { title: 'the cheaper one', first: { ...ready, cost: '-5' }, second: { ...ready, cost: '3' } },
  { title: 'on the fuller node', first: { ...ready, node: 'n2' }, second: ready, crowd: 'n2' },
  {
    title: 'ready for a much shorter time',
    first: { readySince: hours(1) },
    second: { readySince: hours(9) },
  },
  { title: 'restarted more often', first: { ...ready, restarts: 3 }, second: ready },
  { title: 'much newer', first: { ...ready, created: hours(1) }, second: ready },
  {
    title: 'ages alike: by uid, not always the newest',
    first: { ...ready, created: hours(10) },
    second: { ...ready, created: hours(9.9) },
  },
]
for (const { title, first, second, crowd } of victims)
  t.test(`who goes first: ${title}`, async (t) => {
    const pods = [pod('a', first), pod('b', second)]
    const others = crowd === undefined ? [] : [pod('other', { node: crowd })]
    const order = orderVictims(pods.toReversed(), [...pods, ...others], now)
    t.strictSame(
      order.map(({ metadata }) => metadata.name),
      ['a', 'b'],
    )
  })

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'v1' }] },
}
function replicaSet(replicas: number, more: JsonObject = {}): KubeObject {
  return {
    ...kinds.replicaSet,
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template, ...more },
  }
}

t.test('no more than 500 pods at once', async (t) => {
  const { writes } = planReplicaSet({ set: replicaSet(700), pods: [], related: [], now })
  t.equal(writes.filter(({ verb }) => verb === 'create').length, 500)
})

t.test('pods come and go with the number', async (t) => {
  const { client, until } = await openCluster(t, [startReplicaSetController])
  await runPods(t, client)
  await client.create(replicaSet(4))
  const isReady = (count: number) => (sets: KubeObject[]) =>
    (numberAt(sets[0], ['status', 'readyReplicas']) ?? 0) === count
  await until(kinds.replicaSet, isReady(4))
  const of = { name: 'web', namespace: 'default' }
  await client.patch(kinds.replicaSet, of, 'merge', { spec: { replicas: 1 } })
  await until(kinds.replicaSet, isReady(1))
  const [left] = (await client.list(kinds.pod)).items
  await client.delete(kinds.pod, { name: left!.metadata.name!, namespace: 'default' })
  const [next] = await until(
    kinds.pod,
    (pods) => pods.length === 1 && pods[0]!.metadata.uid !== left!.metadata.uid,
  )
  t.match(next?.metadata.ownerReferences?.[0], {
    kind: 'ReplicaSet',
    name: 'web',
    controller: true,
  })
})

t.test('the elder of the set has a plain selector', async (t) => {
  const { client, until } = await openCluster(t, [startReplicationController])
  await runPods(t, client)
  const labels = { app: 'web' }
  const orphan = { name: 'orphan', namespace: 'default', labels }
  await client.create({ ...template, ...kinds.pod, metadata: orphan })
  const { metadata, spec } = replicaSet(3)
  const elder = { ...kinds.replicationController, metadata, spec: { ...spec, selector: labels } }
  await client.create(elder)
  const isReady = ([one]: KubeObject[]): boolean => numberAt(one, ['status', 'readyReplicas']) === 3
  await until(kinds.replicationController, isReady)
  const pods = (await client.list(kinds.pod)).items
  t.equal(pods.length, 3, 'the orphan is one of them')
  const owners = pods.map((each) => each.metadata.ownerReferences?.[0])
  t.ok(owners.every((owner) => owner?.kind === 'ReplicationController' && owner.controller))
})

t.test('adopts pods that it selects, and releases those that it selects no longer', async (t) => {
  const { client, until } = await openCluster(t, [startReplicaSetController])
  await runPods(t, client)
  const labels = { app: 'web' }
  await client.create({
    ...template,
    ...kinds.pod,
    metadata: { name: 'orphan', namespace: 'default', labels },
  })
  await client.create(replicaSet(2))
  const ownerOf = (pods: KubeObject[]): string | undefined =>
    pods.find(({ metadata }) => metadata.name === 'orphan')?.metadata.ownerReferences?.[0]?.name
  const pods = await until(kinds.pod, (all) => ownerOf(all) === 'web' && all.length === 2)
  t.equal(pods.length, 2)
  const of = { name: 'orphan', namespace: 'default' }
  await client.patch(kinds.pod, of, 'merge', { metadata: { labels: { app: 'debug' } } })
  await until(kinds.pod, (all) => ownerOf(all) === undefined && all.length === 3)
})

t.test('pods that are refused are told of in a condition', async (t) => {
  const { client, until } = await openCluster(t, [startReplicaSetController], {}, [])
  const spec = { containers: [{ name: 'c', image: 'v1' }], priorityClassName: 'nobody-made-it' }
  await client.create(replicaSet(2, { template: { ...template, spec } }))
  const [set] = await until(kinds.replicaSet, ([one]) =>
    Boolean(one && conditionOf(one, 'ReplicaFailure')),
  )
  t.match(conditionOf(set!, 'ReplicaFailure'), { status: 'True', reason: 'FailedCreate' })
})
