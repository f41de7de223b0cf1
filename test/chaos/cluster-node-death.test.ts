import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import t, { type Test } from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { makeInformer } from '../../orchestrator/client/informer.ts'
import {
  chaosSeed,
  isReadyNode,
  isReadyPod,
  makeChaosCluster,
  nodeKind,
  nodeOfPod,
  podKind,
  sleepers,
} from './chaos-cluster.ts'
import type { ChaosCluster } from './chaos-cluster.ts'
import { seededRandom } from './random.ts'

// Needs root. With the defaults of a local cluster: no node is called dead because the machine has much to do, and those
// that are dead are noticed all the same, two at once as fast as one.

const replicas = 8
const loadMs = 18_000
/** What is promised for one node with an idle machine; here the machine has more to do than it can. */
const mostMs = 10_000

/** Keep every processor busy, with the same right to it as everybody else. */
function burn(t: Test): () => void {
  const burners = Array.from({ length: availableParallelism() }, () =>
    spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
  )
  const stop = (): void => {
    for (const burner of burners) burner.kill('SIGKILL')
  }
  t.teardown(stop)
  return stop
}

/** Every moment at which a node was seen not to be ready. */
function watchNodes(t: Test, { client }: ChaosCluster): string[] {
  const nodes = makeInformer(client, nodeKind)
  t.teardown(() => nodes.stop())
  const alarms: string[] = []
  nodes.onChange((node, isThere) => {
    if (isThere && !isReadyNode(node)) alarms.push(node.metadata.name ?? '')
  })
  return alarms
}

t.test('nodes die while the machine is busy', async (t) => {
  const random = seededRandom(chaosSeed(t))
  const cluster = await makeChaosCluster(t, 4)
  const { client, myorch, until } = cluster
  await client.create(sleepers('Deployment', 'web', replicas))
  const areReady = (pods: KubeObject[]): boolean => pods.filter(isReadyPod).length === replicas
  await until('all pods are ready', podKind, areReady, 30_000)
  const alarms = watchNodes(t, cluster)
  const rest = burn(t)

  await t.test('none is called dead that lives', async (t) => {
    const { items } = await client.list(podKind)
    await new Promise((resolve) => setTimeout(resolve, loadMs))
    t.strictSame(alarms, [], 'all nodes were ready all the time')
    const uids = (pods: readonly KubeObject[]): string[] =>
      pods.map(({ metadata }) => metadata.uid ?? '').toSorted()
    t.strictSame(uids((await client.list(podKind)).items), uids(items), 'no pod was moved')
  })

  await t.test('two that are dead are noticed', async (t) => {
    const placed = (await client.list(podKind)).items.map(nodeOfPod)
    const countOf = (name: string): number => placed.filter((node) => node === name).length
    // Those that have the most to lose, else by chance.
    const dead = cluster.nodes
      .map((name) => ({ name, rank: countOf(name) + random() / 2 }))
      .toSorted((a, b) => b.rank - a.rank)
      .slice(0, 2)
      .map(({ name }) => name)
    const begun = performance.now()
    await Promise.all(dead.map((name) => myorch('node', 'kill', name)))
    const areElsewhere = (pods: KubeObject[]): boolean => {
      const living = pods.filter((pod) => isReadyPod(pod) && !dead.includes(nodeOfPod(pod) ?? ''))
      return living.length === replicas && dead.every((name) => alarms.includes(name))
    }
    await until('all pods are elsewhere', podKind, areElsewhere, 40_000)
    const took = performance.now() - begun
    t.comment(`all pods are elsewhere after ${took.toFixed(0)} ms, under full load`)
    t.ok(took < 2 * mostMs, 'before long')
    t.strictSame([...new Set(alarms)].toSorted(), dead.toSorted(), 'no other node was')
  })
  rest()
  t.strictSame(await cluster.remove(), [], 'nothing is left')
})
