import t from 'tap'
import type { Test } from 'tap'
import { numberAt, textAt } from '../../../orchestrator/api/object.ts'
import type { JsonObject, KubeObject } from '../../../orchestrator/api/object.ts'
import { startDeploymentController } from '../../../orchestrator/controllers/deployment/deployment-controller.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { conditionOf } from '../../../orchestrator/controllers/objects/pod-facts.ts'
import { startReplicaSetController } from '../../../orchestrator/controllers/replica-set/replica-set-controller.ts'
import { openCluster } from './cluster-under-test.ts'
import type { ClusterUnderTest } from './cluster-under-test.ts'
import { runPods } from './stand-in-agents.ts'

const of = { name: 'web', namespace: 'default' }
const revision = 'deployment.kubernetes.io/revision'

function deployment(image: string, spec: JsonObject = {}): KubeObject {
  return {
    ...kinds.deployment,
    metadata: of,
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image }] },
      },
      ...spec,
    },
  }
}

const imageOf = (object: KubeObject): string =>
  textAt(object, ['spec', 'template', 'spec', 'containers', 0, 'image']) ??
  textAt(object, ['spec', 'containers', 0, 'image']) ??
  ''

const isBad = (pod: KubeObject): boolean => imageOf(pod) === 'bad'

async function openRollouts(t: Test): Promise<ClusterUnderTest> {
  const cluster = await openCluster(t, [startDeploymentController, startReplicaSetController])
  await runPods(t, cluster.client, isBad)
  return cluster
}

function setImage({ client }: ClusterUnderTest, image: string): Promise<KubeObject> {
  const template = { spec: { containers: [{ name: 'c', image }] } }
  return client.patch(kinds.deployment, of, 'strategic', { spec: { template } })
}

async function rolledOut({ until }: ClusterUnderTest, replicas: number): Promise<KubeObject> {
  const names = ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas']
  const [found] = await until(kinds.deployment, ([one]) => {
    const isSeen = numberAt(one, ['status', 'observedGeneration']) === one?.metadata.generation
    const reason = one && conditionOf(one, 'Progressing')?.reason
    const isAll = names.every((name) => (numberAt(one, ['status', name]) ?? 0) === replicas)
    return isSeen && isAll && reason === 'NewReplicaSetAvailable'
  })
  return found!
}

async function sizes({ client }: ClusterUnderTest): Promise<Record<string, number | undefined>> {
  const { items } = await client.list(kinds.replicaSet)
  return Object.fromEntries(items.map((set) => [imageOf(set), numberAt(set, ['spec', 'replicas'])]))
}

t.test('a new template moves the pods; the old one comes back as a new revision', async (t) => {
  const cluster = await openRollouts(t)
  const { client } = cluster
  await client.create(deployment('v1'))
  const first = await rolledOut(cluster, 3)
  t.equal(first.metadata.annotations?.[revision], '1')
  t.match(conditionOf(first, 'Available'), { status: 'True', reason: 'MinimumReplicasAvailable' })
  await setImage(cluster, 'v2')
  t.equal((await rolledOut(cluster, 3)).metadata.annotations?.[revision], '2')
  t.strictSame(await sizes(cluster), { v1: 0, v2: 3 })
  await setImage(cluster, 'v1')
  t.equal((await rolledOut(cluster, 3)).metadata.annotations?.[revision], '3')
  t.strictSame(await sizes(cluster), { v1: 3, v2: 0 })
  const { items } = await client.list(kinds.replicaSet)
  const back = items.find((set) => imageOf(set) === 'v1')
  t.equal(back?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1')
  const { items: pods } = await client.list(kinds.pod)
  const hash = back?.metadata.labels?.['pod-template-hash']
  t.ok(pods.every(({ metadata }) => metadata.labels?.['pod-template-hash'] === hash))
})

t.test('pods that never get ready: the old ones stay, and the deadline is told', async (t) => {
  const cluster = await openRollouts(t)
  await cluster.client.create(deployment('v1', { progressDeadlineSeconds: 1, replicas: 4 }))
  await rolledOut(cluster, 4)
  await setImage(cluster, 'bad')
  const [late] = await cluster.until(
    kinds.deployment,
    ([one]) => conditionOf(one!, 'Progressing')?.reason === 'ProgressDeadlineExceeded',
  )
  t.equal(conditionOf(late!, 'Progressing')?.status, 'False')
  t.strictSame(await sizes(cluster), { v1: 3, bad: 2 })
  t.equal(numberAt(late, ['status', 'availableReplicas']), 3)
  t.equal(numberAt(late, ['status', 'unavailableReplicas']), 2)
})

t.test('while it is paused only its size changes', async (t) => {
  const cluster = await openRollouts(t)
  const { client, until } = cluster
  await client.create(deployment('v1'))
  await rolledOut(cluster, 3)
  await client.patch(kinds.deployment, of, 'merge', { spec: { paused: true } })
  await setImage(cluster, 'v2')
  await client.patch(kinds.deployment, of, 'merge', { spec: { replicas: 5 } })
  const [paused] = await until(
    kinds.deployment,
    ([one]) => numberAt(one, ['status', 'availableReplicas']) === 5,
  )
  t.match(conditionOf(paused!, 'Progressing'), { status: 'Unknown', reason: 'DeploymentPaused' })
  t.strictSame(await sizes(cluster), { v1: 5 })
  await client.patch(kinds.deployment, of, 'merge', { spec: { paused: false } })
  await rolledOut(cluster, 5)
  t.strictSame(await sizes(cluster), { v1: 0, v2: 5 })
})

t.test(
  'Recreate: no old pod is left when the first new one comes; history is limited',
  async (t) => {
    const cluster = await openRollouts(t)
    const { client } = cluster
    const seen: string[] = []
    const spec = { strategy: { type: 'Recreate' }, revisionHistoryLimit: 1 }
    await client.create(deployment('v1', spec))
    await rolledOut(cluster, 3)
    const watching = new AbortController()
    t.teardown(() => watching.abort())
    const { resourceVersion, items } = await client.list(kinds.pod)
    const there = new Set(items.map(({ metadata }) => metadata.uid))
    void client.watch(kinds.pod, {
      resourceVersion,
      signal: watching.signal,
      onEvent: ({ type, object }) => {
        if (type === 'DELETED') there.delete(object.metadata.uid)
        if (type === 'ADDED' && imageOf(object) === 'v2' && there.size > 0) seen.push('together')
      },
    })
    await setImage(cluster, 'v2')
    await rolledOut(cluster, 3)
    t.strictSame(seen, [])
    await setImage(cluster, 'v3')
    await cluster.until(kinds.replicaSet, (sets) => {
      const images = sets.map(imageOf).toSorted((a, b) => (a < b ? -1 : 1))
      return images.join(' ') === 'v2 v3'
    })
  },
)

t.test('the name of its set is taken: another is found', async (t) => {
  const cluster = await openRollouts(t)
  const { client, until } = cluster
  const scratch = await client.create(deployment('v1', { replicas: 0 }))
  const [set] = await until(kinds.replicaSet, (sets) => sets.length === 1)
  await client.delete(kinds.deployment, of)
  await client.delete(kinds.replicaSet, { name: set!.metadata.name!, namespace: 'default' })
  const { ownerReferences: _, uid: __, resourceVersion: ___, ...metadata } = set!.metadata
  const selector = { matchLabels: { app: 'other' } }
  const template = {
    metadata: { labels: { app: 'other' } },
    spec: { containers: [{ name: 'c', image: 'other' }] },
  }
  await client.create({
    ...kinds.replicaSet,
    metadata: { ...metadata, labels: { app: 'other' } },
    spec: { replicas: 0, selector, template },
  })
  await client.create(deployment('v1'))
  const found = await rolledOut(cluster, 3)
  t.not(found.metadata.uid, scratch.metadata.uid)
  t.equal(numberAt(found, ['status', 'collisionCount']), 1)
})
