import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { listAt, plainText } from '../../orchestrator/api/object.ts'
import { makeInformer } from '../../orchestrator/client/informer.ts'
import {
  isReadyNode,
  isReadyPod,
  makeChaosCluster,
  nodeKind,
  nodeOfPod,
  podKind,
  sleepers,
} from './chaos-cluster.ts'

// Needs root. The clock of the day is set, forward and back by an hour, under everything of a cluster. Nothing is called dead
// or late because of it, and nothing waits for an hour: waits are measured by clocks that nobody sets.

const replicas = 4
const hour = 60 * 60 * 1000
/** Longer than a silent node counts as alive. */
const watchMs = 7000

const leaseKind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }

const restartsOf = (pod: KubeObject): number =>
  Number(plainText(listAt(pod, ['status', 'containerStatuses'])[0]?.['restartCount']) ?? 0)

const crashing: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'crashing', namespace: 'default' },
  spec: {
    terminationGracePeriodSeconds: 2,
    containers: [{ name: 'c', image: 'host', command: ['sh', '-c', 'exit 1'] }],
  },
}

/** Does not end before it is made to. */
const stubborn: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'stubborn', namespace: 'default' },
  spec: {
    containers: [{ name: 'c', image: 'host', command: ['sh', '-c', 'trap "" TERM; sleep 1000'] }],
  },
}

t.test('the clock is set', async (t) => {
  let file = ''
  const preload = join(import.meta.dirname, 'shifted-clock.cjs')
  const env: NodeJS.ProcessEnv = { NODE_OPTIONS: `--require ${preload}` }
  const cluster = await makeChaosCluster(t, 3, {
    env,
    prepare: (folder) => {
      file = join(folder, 'clock')
      env['SHIFTED_CLOCK'] = file
      writeFileSync(file, '0')
    },
  })
  const { client, until, myorch, nodes } = cluster
  const set = (ms: number): void => writeFileSync(file, String(ms))
  await client.create(sleepers('Deployment', 'web', replicas))
  await client.create(stubborn)
  const isWhole = (pods: KubeObject[]): boolean =>
    pods.length === replicas + 1 && pods.every(isReadyPod)
  const before = await until('all pods are ready', podKind, isWhole, 30_000)
  const names = (pods: readonly KubeObject[]): string[] =>
    pods.map((pod) => `${pod.metadata.name} ${restartsOf(pod)}`).toSorted()
  const alarms: string[] = []
  const informer = makeInformer(client, nodeKind)
  t.teardown(() => informer.stop())
  informer.onChange((node, isThere) => {
    if (isThere && !isReadyNode(node)) alarms.push(node.metadata.name ?? '')
  })

  for (const [title, shift] of [
    ['an hour forward', hour],
    ['two hours back', -hour],
  ] as const)
    await t.test(title, async (t) => {
      set(shift)
      await new Promise((resolve) => setTimeout(resolve, watchMs))
      const leases = await client.list(leaseKind, { namespace: 'kube-node-lease' })
      const away = leases.items.map(
        ({ spec }) => Date.parse(plainText(spec?.['renewTime']) ?? '') - Date.now(),
      )
      t.ok(
        away.length === 3 && away.every((ms) => Math.abs(ms - shift) < hour / 10),
        'that is what the nodes write',
        { away },
      )
      t.strictSame(alarms, [], 'all nodes were ready all the time')
      t.strictSame(names((await client.list(podKind)).items), names(before), 'no pod was moved')
    })

  await t.test('waits that are under way', async (t) => {
    set(0)
    await client.create(crashing)
    const hasWaited = (least: number) => (pods: KubeObject[]) =>
      pods.some((pod) => pod.metadata.name === 'crashing' && restartsOf(pod) >= least)
    await until('it was started again', podKind, hasWaited(1), 20_000)
    await client.delete(
      podKind,
      { name: 'stubborn', namespace: 'default' },
      { gracePeriodSeconds: 3 },
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    set(-hour)
    const isGone = (pods: KubeObject[]): boolean =>
      !pods.some(({ metadata }) => metadata.name === 'stubborn')
    await until('who does not end is ended', podKind, isGone, 10_000)
    await until('who has to wait does not wait for an hour', podKind, hasWaited(2), 15_000)
    await client.delete(podKind, { name: 'crashing', namespace: 'default' })
    t.strictSame(alarms, [])
  })

  await t.test('a node dies while the clock is set', async (t) => {
    const [dead = ''] = nodes
    await myorch('node', 'kill', dead)
    // Between the moment at which its pods are told to go, and the one at which they go.
    const isSilent = (all: KubeObject[]): boolean =>
      all.some((node) => node.metadata.name === dead && !isReadyNode(node))
    await until('the node is not ready', nodeKind, isSilent, 15_000)
    set(-2 * hour)
    const areElsewhere = (pods: KubeObject[]): boolean =>
      pods.filter((pod) => isReadyPod(pod) && nodeOfPod(pod) !== dead).length === replicas
    await until('its pods are elsewhere', podKind, areElsewhere, 15_000)
    t.strictSame([...new Set(alarms)], [dead], 'no other node was called dead')
  })
  t.strictSame(await cluster.remove(), [], 'nothing is left')
})
