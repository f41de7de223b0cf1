import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { startDaemonSetController } from '../../../orchestrator/controllers/daemon-set/daemon-set-controller.ts'
import { daemonPod, targetNode } from '../../../orchestrator/controllers/daemon-set/daemon-pod.ts'
import { nextRolloutStep } from '../../../orchestrator/controllers/daemon-set/daemon-rollout.ts'
import { matchNode } from '../../../orchestrator/controllers/daemon-set/node-match.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { isTerminating } from '../../../orchestrator/controllers/objects/pod-facts.ts'
import { openCluster, readyNode, runningStatus } from './cluster-under-test.ts'

function makeSet(
  podSpec: Record<string, unknown> = {},
  spec: Record<string, unknown> = {},
): KubeObject {
  const template = {
    metadata: { labels: { app: 'log' } },
    spec: { containers: [{ name: 'c', image: 'v1' }], ...podSpec },
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'log', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'log' } }, template, ...spec },
  }
}

const tainted = (key: string, effect: string): KubeObject => ({
  ...readyNode('a'),
  spec: { taints: [{ key, effect }] },
})
const places = [
  { title: 'any node', node: readyNode('a'), want: [true, true] },
  {
    title: 'not ready',
    node: tainted('node.kubernetes.io/not-ready', 'NoExecute'),
    want: [true, true],
  },
  {
    title: 'cordoned',
    node: tainted('node.kubernetes.io/unschedulable', 'NoSchedule'),
    want: [true, true],
  },
  { title: 'reserved', node: tainted('gpu', 'NoSchedule'), want: [false, true] },
  { title: 'emptied', node: tainted('gpu', 'NoExecute'), want: [false, false] },
  {
    title: 'selected',
    node: readyNode('a', { disk: 'ssd' }),
    pod: { nodeSelector: { disk: 'ssd' } },
    want: [true, true],
  },
  {
    title: 'not selected',
    node: readyNode('a'),
    pod: { nodeSelector: { disk: 'ssd' } },
    want: [false, false],
  },
]
for (const { title, node, pod, want } of places)
  t.test(`where a daemon runs: ${title}`, async (t) => {
    const { run, stay } = matchNode(daemonPod(makeSet(pod), 'h'), node)
    t.strictSame([run, stay], want)
  })

t.test('steps of an update', async (t) => {
  const pod = (node: string, hash: string, up = true): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${node}-${hash}`, labels: { 'controller-revision-hash': hash } },
    status: { up },
  })
  const isAvailable = ({ status }: KubeObject): boolean => status?.['up'] === true
  const step = (set: KubeObject, pods: Record<string, KubeObject[]>) => {
    const { remove, surge } = nextRolloutStep(
      set,
      new Map(Object.entries(pods)),
      'new',
      isAvailable,
    )
    return [
      ...remove.map(({ metadata }) => `-${metadata.name}`),
      ...surge.map((node) => `+${node}`),
    ]
  }
  const old = { a: [pod('a', 'old')], b: [pod('b', 'old')], c: [pod('c', 'old', false)] }
  t.strictSame(step(makeSet(), old), ['-c-old'], 'what does not serve first')
  t.strictSame(step(makeSet(), { a: [pod('a', 'old')], b: [pod('b', 'new')] }), ['-a-old'])
  t.strictSame(step(makeSet(), { a: [pod('a', 'old')], b: [pod('b', 'new', false)] }), [], 'waits')
  const rolling = (rollingUpdate: Record<string, unknown>) =>
    makeSet({}, { updateStrategy: { type: 'RollingUpdate', rollingUpdate } })
  t.strictSame(step(rolling({ maxUnavailable: '100%' }), old).toSorted(), [
    '-a-old',
    '-b-old',
    '-c-old',
  ])
  t.strictSame(step(rolling({ maxSurge: 1, maxUnavailable: 0 }), { a: [pod('a', 'old')] }), ['+a'])
  t.strictSame(
    step(rolling({ maxSurge: 1 }), { a: [pod('a', 'old'), pod('a', 'new')], b: [pod('b', 'old')] }),
    ['-a-old', '+b'],
  )
  t.strictSame(step(makeSet({}, { updateStrategy: { type: 'OnDelete' } }), old), [])
})

t.test('a daemon on each node, and its update', async (t) => {
  const { client, until, patchStatus } = await openCluster(t, [startDaemonSetController])
  for (const name of ['a', 'b']) await client.create(readyNode(name))
  await client.create(makeSet())
  const run = async (pods: KubeObject[]): Promise<void> => {
    for (const pod of pods) await patchStatus(pod, runningStatus('10.0.0.1'))
  }
  const first = await until(kinds.pod, (all) => all.length === 2)
  t.strictSame(new Set(first.map(targetNode)), new Set(['a', 'b']))
  await run(first)
  await until(kinds.daemonSet, ([set]) => set?.status?.['numberAvailable'] === 2)
  await client.create(readyNode('c'))
  const three = await until(kinds.pod, (all) => all.length === 3)
  await run(three)
  await until(kinds.daemonSet, ([set]) => set?.status?.['numberAvailable'] === 3)

  const containers = [{ name: 'c', image: 'v2' }]
  const of = { name: 'log', namespace: 'default' }
  await client.patch(kinds.daemonSet, of, 'strategic', {
    spec: { template: { spec: { containers } } },
  })
  for (let round = 0; round < 3; round++) {
    const isOld = (pod: KubeObject): boolean =>
      three.some(({ metadata }) => metadata.uid === pod.metadata.uid)
    // What has no agent is gone as soon as it is deleted.
    const pods = await until(
      kinds.pod,
      (all) =>
        all.length === 3 && !all.some(isTerminating) && all.filter(isOld).length === 2 - round,
    )
    await run(pods.filter((pod) => !isOld(pod)))
  }
  const [set] = await until(
    kinds.daemonSet,
    ([one]) => one?.status?.['updatedNumberScheduled'] === 3 && one.status['numberAvailable'] === 3,
  )
  t.match(set?.status, { desiredNumberScheduled: 3, numberReady: 3, observedGeneration: 2 })
  const revisions = await until(kinds.controllerRevision, (all) => all.length === 2)
  t.strictSame(new Set(revisions.map((revision) => revision['revision'])), new Set([1, 2]))
})
