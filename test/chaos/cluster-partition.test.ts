import { get } from 'node:http'
import t from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { listAt, plainText } from '../../orchestrator/api/object.ts'
import { waitUntil } from '../integration/command-line.ts'
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
import { pick, seededRandom } from './random.ts'

// Needs root. A node is cut off from the others and connected again: pods that are nobody are made elsewhere, those that are
// somebody are not until it is certain that the old one is gone, and nothing of the old ones runs on afterwards.

const replicas = 3
const script = 'hostname > /tmp/index.html && exec busybox httpd -f -p 8080 -h /tmp'

const spreadOf = (app: string): object => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { app } },
    },
  ],
})

const ofApp =
  (app: string) =>
  ({ metadata }: KubeObject): boolean =>
    metadata.labels?.['app'] === app

async function workload({ client, until }: ChaosCluster): Promise<string> {
  const probe = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 }
  await client.create(
    sleepers('Deployment', 'web', replicas, {
      pod: spreadOf('web'),
      container: { command: ['sh', '-c', script], readinessProbe: probe },
    }),
  )
  await client.create(sleepers('StatefulSet', 'db', replicas, { pod: spreadOf('db') }))
  const service = await client.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  })
  await until(
    'all pods are ready',
    podKind,
    (pods) => pods.filter(isReadyPod).length === 2 * replicas,
    30_000,
  )
  return plainText(listAt(service, ['spec', 'ports'])[0]?.['nodePort']) ?? ''
}

/** Ask a service again and again. */
function startAsking(url: string): { stop(): { failed: number; at: number }[] } {
  const answers: { failed: number; at: number }[] = []
  const askOnce = (): void => {
    const note = (failed: number) => (): void =>
      void answers.push({ failed, at: performance.now() })
    get(url, { timeout: 1000, agent: false }, (response) => response.resume().on('end', note(0)))
      .on('timeout', function (this: { destroy(error: Error): void }) {
        this.destroy(new Error('no answer'))
      })
      .on('error', note(1))
  }
  const timer = setInterval(askOnce, 50)
  return {
    stop: () => {
      clearInterval(timer)
      return answers
    },
  }
}

/** Names of pods of which two ran at one moment. */
function watchDoubles(cluster: ChaosCluster): { stop(): string[] } {
  const doubles = new Set<string>()
  const look = (): void => {
    const names = cluster.liveContainers().map(({ pod }) => pod)
    for (const [at, name] of names.entries()) if (names.indexOf(name) !== at) doubles.add(name)
  }
  const timer = setInterval(look, 40)
  return {
    stop: () => {
      clearInterval(timer)
      return [...doubles]
    },
  }
}

const addressOf = async ({ client }: ChaosCluster, name: string): Promise<string> =>
  plainText(
    listAt(await client.get(nodeKind, { name }), ['status', 'addresses'])[0]?.['address'],
  ) ?? ''

/** Every pod is ready, and what runs is as many as there are pods. */
async function untilWhole(cluster: ChaosCluster): Promise<KubeObject[]> {
  const isWhole = (pods: KubeObject[]): boolean =>
    pods.length === 2 * replicas &&
    pods.every(isReadyPod) &&
    cluster.liveContainers().length === 2 * replicas
  await cluster.until('nodes are ready', nodeKind, (nodes) => nodes.every(isReadyNode), 20_000)
  return cluster.until('all pods run once', podKind, isWhole, 25_000)
}

t.test('a node is cut off and connected again', async (t) => {
  const random = seededRandom(chaosSeed(t))
  const cluster = await makeChaosCluster(t, 3, { flags: ['--node-monitor-grace', '5'] })
  const { client, myorch, nodes, until, liveContainers } = cluster
  const port = await workload(cluster)
  const victim = pick(random, nodes)
  const other = nodes.find((node) => node !== victim) ?? ''
  const before = (await client.list(podKind)).items.filter((pod) => nodeOfPod(pod) === victim)
  const somebody = before.find(ofApp('db'))
  t.ok(somebody && before.some(ofApp('web')), 'the node has pods of both')
  const asking = startAsking(`http://${await addressOf(cluster, other)}:${port}/`)
  const doubles = watchDoubles(cluster)

  await t.test('pods that are nobody are made elsewhere', async (t) => {
    const begun = performance.now()
    await myorch('node', 'pause', victim)
    const isReplaced = (pods: KubeObject[]): boolean =>
      pods.filter(ofApp('web')).filter(isReadyPod).length === replicas &&
      pods.filter(isReadyPod).every((pod) => nodeOfPod(pod) !== victim)
    await until('the pods are elsewhere', podKind, isReplaced, 20_000)
    const movedAt = performance.now()
    t.comment(`after ${(movedAt - begun).toFixed(0)} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    const answers = asking.stop()
    const late = answers.filter(({ at }) => at > movedAt + 1100)
    t.ok(late.length > 10, `${late.length} answers since`)
    t.equal(late.filter(({ failed }) => failed).length, 0, 'traffic goes to those that are there')
    const failed = answers.filter((one) => one.failed).length
    t.comment(`${failed} of ${answers.length} requests failed until then`)
  })

  await t.test('one that is somebody is waited for', async (t) => {
    const [pod] = (await client.list(podKind)).items.filter(
      ({ metadata }) => metadata.name === somebody?.metadata.name,
    )
    t.equal(pod?.metadata.uid, somebody?.metadata.uid, 'it is the same one')
    t.ok(pod?.metadata.deletionTimestamp, 'which was asked to go')
    t.equal(liveContainers([victim]).length, before.length, 'and everything there still runs')
  })

  await t.test('the node is there again', async (t) => {
    await myorch('node', 'unpause', victim)
    const after = await untilWhole(cluster)
    const old = new Set(before.map(({ metadata }) => metadata.uid))
    t.notOk(
      after.some(({ metadata }) => old.has(metadata.uid)),
      'its old pods are gone',
    )
    t.ok(
      after.some(({ metadata }) => metadata.name === somebody?.metadata.name),
      'somebody is there again',
    )
    t.strictSame(doubles.stop(), [], 'nobody was there twice')
  })

  await t.test('taken away by force, and replaced meanwhile', async (t) => {
    const [pod] = (await client.list(podKind)).items.filter(
      (one) => ofApp('db')(one) && nodeOfPod(one) === other,
    )
    if (!pod) return t.pass('all of them are elsewhere')
    const of = { name: pod.metadata.name ?? '', namespace: 'default' }
    await myorch('node', 'pause', other)
    await until('the node is not ready', nodeKind, (all) => !all.every(isReadyNode), 20_000)
    await client.delete(podKind, of, { gracePeriodSeconds: 0 })
    await until(
      'another one has its name',
      podKind,
      (pods) => pods.some((one) => one.metadata.name === of.name && isReadyPod(one)),
      20_000,
    )
    const twice = (): number => liveContainers().filter((one) => one.pod === of.name).length
    t.equal(twice(), 2, 'as the user wanted it')
    await myorch('node', 'unpause', other)
    await waitUntil('only the new one runs', () => twice() === 1, 20_000)
    t.equal(liveContainers().find((one) => one.pod === of.name)?.uid === pod.metadata.uid, false)
    await untilWhole(cluster)
  })
  t.strictSame(await cluster.remove(), [], 'nothing is left')
})
