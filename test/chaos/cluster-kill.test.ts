import t from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { listAt, plainText } from '../../orchestrator/api/object.ts'
import { waitUntil } from '../integration/command-line.ts'
import { startWriting } from './acknowledged-writes.ts'
import {
  chaosSeed,
  isReadyPod,
  makeChaosCluster,
  podKind,
  sleepers,
  zygotesOf,
} from './chaos-cluster.ts'
import type { ChaosCluster, LiveContainer } from './chaos-cluster.ts'
import { pick, seededRandom } from './random.ts'
import type { Random } from './random.ts'
import { isAlive, killVictim } from './victims.ts'
import type { Victim } from './victims.ts'

// Needs root. Everything of a cluster is killed at random while objects are written and pods run: what was acknowledged
// is there, no pod is started anew whose own processes were left alone, none runs twice, and nothing is left.

const replicas = 6
const named = 2
const killingMs = 10_000

interface Harm {
  /** Uids of pods whose own process was killed, and of those who lost the monitor only. */
  readonly hurt: Set<string>
  readonly unwatched: Set<string>
  readonly counts: Map<string, number>
  readonly known: Map<string, Victim>
  readonly doubles: string[]
}

function hurtContainer(cluster: ChaosCluster, random: Random, harm: Harm): void {
  const isInit = random() < 0.5
  const noted = isInit ? harm.hurt : harm.unwatched
  // Once each: a container that ends again is waited for, longer each time.
  const left = cluster.liveContainers().filter(({ uid }) => !noted.has(uid))
  if (left.length === 0) return
  const chosen = pick(random, left)
  // Noted first: the consequence may be seen at once.
  noted.add(chosen.uid)
  count(harm, isInit ? chosen : chosen.monitor)
}

function hurtZygote(cluster: ChaosCluster, random: Random, harm: Harm): void {
  const zygotes = cluster.nodes.flatMap((node) => zygotesOf(cluster.pidOf(node)))
  for (const zygote of zygotes) harm.known.set(`zygote ${zygote.pid}`, zygote)
  if (zygotes.length > 0) count(harm, pick(random, zygotes))
}

function count({ counts }: Harm, victim: Victim): void {
  if (killVictim(victim)) counts.set(victim.kind, (counts.get(victim.kind) ?? 0) + 1)
}

/** Server and nodes: some at once, then what does not run is started again. */
async function killParts(cluster: ChaosCluster, random: Random, harm: Harm, until: number) {
  while (performance.now() < until) {
    const victims = ['server', ...cluster.nodes].filter(() => random() < 0.4)
    for (const name of victims) {
      const pid = cluster.pidOf(name)
      for (const zygote of zygotesOf(pid)) harm.known.set(`zygote ${zygote.pid}`, zygote)
      process.kill(pid, 'SIGKILL')
      const kind = name === 'server' ? 'server' : 'node'
      harm.counts.set(kind, (harm.counts.get(kind) ?? 0) + 1)
    }
    await pause(random() * 300)
    await cluster.myorch('cluster', 'start', cluster.name)
  }
}

async function killInside(cluster: ChaosCluster, random: Random, harm: Harm, until: number) {
  while (performance.now() < until) {
    await pause(200 + random() * 800)
    if (random() < 0.4) hurtZygote(cluster, random, harm)
    else hurtContainer(cluster, random, harm)
  }
}

/** No container of a pod, and no pod of a name, is there twice at any moment. */
async function lookForDoubles(cluster: ChaosCluster, harm: Harm, until: number) {
  while (performance.now() < until) {
    const live = cluster.liveContainers()
    for (const found of live)
      for (const victim of [found, found.monitor])
        harm.known.set(`${victim.kind} ${victim.pid}`, victim)
    harm.doubles.push(...doublesOf(live))
    await pause(60)
  }
}

function doublesOf(live: readonly LiveContainer[]): string[] {
  const names = live.map(({ pod, container }) => `${pod}/${container}`)
  return names.filter((name, at) => names.indexOf(name) !== at)
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const areReady = (pods: readonly KubeObject[]): boolean =>
  pods.length === replicas + named && pods.every(isReadyPod)

/** Uid of the pod, id of its container, and how often that was started again. */
function identities(pods: readonly KubeObject[]): Map<string, string> {
  return new Map(
    pods.map(({ metadata, status }) => {
      const [container] = listAt({ status }, ['status', 'containerStatuses'])
      const [id, restarts] = ['containerID', 'restartCount'].map((field) =>
        plainText(container?.[field]),
      )
      return [metadata.uid ?? '', `${metadata.name} ${id} ${restarts}`]
    }),
  )
}

t.test('server, nodes, monitors, zygotes and containers are killed at random', async (t) => {
  const random = seededRandom(chaosSeed(t))
  const cluster = await makeChaosCluster(t, 3)
  const { client } = cluster
  const probe = { exec: { command: ['true'] }, periodSeconds: 1 }
  await client.create(
    sleepers('Deployment', 'kept', replicas, { container: { livenessProbe: probe } }),
  )
  await client.create(sleepers('StatefulSet', 'named', named))
  const before = identities(await cluster.until('all pods are ready', podKind, areReady, 30_000))
  const harm: Harm = {
    hurt: new Set(),
    unwatched: new Set(),
    counts: new Map(),
    known: new Map(),
    doubles: [],
  }
  const load = startWriting(client, random, 3)
  const until = performance.now() + killingMs
  await Promise.all([
    killParts(cluster, random, harm, until),
    killInside(cluster, random, harm, until),
    lookForDoubles(cluster, harm, until),
  ])
  const written = await load.stop()
  t.comment(`killed: ${[...harm.counts].map(([kind, number]) => `${number} × ${kind}`).join(', ')}`)
  t.ok(written > 20, `${written} writes were acknowledged`)
  await load.check(t)

  await t.test('pods', async (t) => {
    const isHealed = (pods: KubeObject[]): boolean => areReady(pods) && runAsShown(cluster, pods)
    const pods = await cluster.until('all pods run again', podKind, isHealed, 30_000)
    const after = identities(pods)
    t.strictSame([...after.keys()].toSorted(), [...before.keys()].toSorted(), 'the same pods')
    const spared = (all: Map<string, string>): string[] =>
      [...all].flatMap(([uid, text]) => (harm.hurt.has(uid) ? [] : [text])).toSorted()
    t.strictSame(spared(after), spared(before), 'none was restarted but those that were killed')
    const restarted = [...after].filter(([uid]) => harm.hurt.has(uid)).map(([, text]) => text)
    t.notOk(
      restarted.some((text) => text.endsWith(' 0')),
      'those were',
      { restarted },
    )
    t.strictSame(harm.doubles, [], 'none ran twice')
  })

  await t.test('nothing is left', async (t) => {
    for (const [kind, name] of [
      ['Deployment', 'kept'],
      ['StatefulSet', 'named'],
    ] as const)
      await client.delete({ apiVersion: 'apps/v1', kind }, { name, namespace: 'default' })
    await cluster.until('no pod is left', podKind, (pods) => pods.length === 0)
    await waitUntil('no container is left', () => cluster.liveContainers().length === 0)
    t.strictSame(await cluster.remove(), [])
    const still = (): Victim[] => [...harm.known.values()].filter(isAlive)
    await waitUntil('no process is left', () => still().length === 0)
  })
})

/** What runs is what the API shows: nothing of a container that was replaced. */
function runAsShown(cluster: ChaosCluster, pods: readonly KubeObject[]): boolean {
  const shown = pods.flatMap((pod) =>
    listAt(pod, ['status', 'containerStatuses']).map((status) =>
      (plainText(status['containerID']) ?? '').replace(/^.*:\/\//, ''),
    ),
  )
  const running = cluster.liveContainers().map(({ id }) => id)
  return JSON.stringify(shown.toSorted()) === JSON.stringify(running.toSorted())
}
