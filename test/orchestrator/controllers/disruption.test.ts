import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { startDisruptionController } from '../../../orchestrator/controllers/disruption/disruption-controller.ts'
import { planDisruption } from '../../../orchestrator/controllers/disruption/plan-disruption.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { planPodGc } from '../../../orchestrator/controllers/pod-gc/plan-pod-gc.ts'
import { openCluster, readyNode, runningStatus } from './cluster-under-test.ts'

const now = new Date('2026-01-01T01:00:00Z')

function makePod(name: string, ready = true): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'rs', controller: true },
      ],
    },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }
}

const rows: {
  title: string
  spec: Record<string, string | number>
  ready: number
  disrupted?: string
  want: unknown
}[] = [
  { title: 'at least two of three', spec: { minAvailable: 2 }, ready: 3, want: [1, 3, 2, 3] },
  {
    title: 'half of them, rounded up',
    spec: { minAvailable: '50%' },
    ready: 3,
    want: [1, 3, 2, 3],
  },
  { title: 'at most one away', spec: { maxUnavailable: 1 }, ready: 2, want: [0, 2, 2, 3] },
  {
    title: 'one about to go',
    spec: { minAvailable: 1 },
    ready: 3,
    disrupted: 'p0',
    want: [1, 2, 1, 3],
  },
]
for (const { title, spec, ready, disrupted, want } of rows)
  t.test(`a budget: ${title}`, async (t) => {
    const budget: KubeObject = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b', generation: 1 },
      spec,
      ...(disrupted ? { status: { disruptedPods: { [disrupted]: '2026-01-01T00:59:50Z' } } } : {}),
    }
    const pods = [0, 1, 2].map((n) => makePod(`p${n}`, n < ready))
    const scaleOf = () => ({ uid: 'd', replicas: 3 })
    const [write] = planDisruption({ budget, pods, scaleOf, now }).writes
    const status = (write?.verb === 'update' && write.object.status) || {}
    const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = status
    t.strictSame([disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods], want)
  })

t.test('a budget follows its pods', async (t) => {
  const { client, until, patchStatus } = await openCluster(t, [startDisruptionController])
  await client.create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  })
  for (const name of ['a', 'b']) {
    const pod = await client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    })
    await patchStatus(pod, runningStatus('10.0.0.1'))
  }
  const [budget] = await until(
    kinds.disruptionBudget,
    ([one]) => one?.status?.['disruptionsAllowed'] === 1,
  )
  t.match(budget?.status, { currentHealthy: 2, desiredHealthy: 1 })
})

t.test('pods that nobody else removes', async (t) => {
  const on = (
    name: string,
    nodeName: string | undefined,
    more: Partial<KubeObject> = {},
  ): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    spec: nodeName === undefined ? {} : { nodeName },
    ...more,
    metadata: { name, ...more.metadata },
  })
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' }
  const out = {
    ...readyNode('out'),
    spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
  }
  const writes = planPodGc({
    pods: [
      on('fine', 'here'),
      on('orphan', 'gone'),
      on('perhaps', 'away'),
      on('never placed', undefined, { metadata: going }),
      on('lost', 'out', { metadata: going }),
      on('old', 'here', {
        status: { phase: 'Failed' },
        metadata: { creationTimestamp: '2025-01-01T00:00:00Z' },
      }),
      on('new', 'here', {
        status: { phase: 'Succeeded' },
        metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      }),
    ],
    nodes: new Map([
      ['here', readyNode('here')],
      ['out', out],
    ]),
    isGone: (node) => node === 'gone',
    mostFinished: 1,
    now,
  })
  const removed = writes.flatMap((write) =>
    write.verb === 'delete' ? [write.object.metadata.name] : [],
  )
  t.strictSame(new Set(removed), new Set(['lost', 'never placed', 'old', 'orphan']))
})
