import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { KubeObject } from '../orchestrator/api/object.ts'
import { listAt } from '../orchestrator/api/object.ts'
import type { Client } from '../orchestrator/client/client.ts'
import { makeHttpClient } from '../orchestrator/client/http-client.ts'
import { makeInformer } from '../orchestrator/client/informer.ts'
import type { Informer } from '../orchestrator/client/informer.ts'
import { readKubeconfig } from '../orchestrator/client/read-kubeconfig.ts'
import type { Laboratory } from './laboratory.ts'
import { quantile } from './samples.ts'

// `node bench/main.ts cluster`: a cluster of three nodes on this machine, made and used by the command that users type.
// No peer that does this runs without the network's images, so the figures stand beside what is asked of them.

const podKind = { apiVersion: 'v1', kind: 'Pod' }
const podsPerSecond = 5
const podsInARow = 60
const idleSeconds = 20
const settleMs = 20_000

interface Bench {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly command: string
}

export async function measureCluster(laboratory: Laboratory): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-bench-cluster-'))
  const env = { MYORCH_ROOT: folder, KUBECONFIG: join(folder, 'kubeconfig') }
  const bench = { folder, env, command: join(import.meta.dirname, '../bin/myorch') }
  try {
    await measureCreate(bench, laboratory.runs)
    create(bench)
    const client = makeHttpClient(await readKubeconfig(env.KUBECONFIG))
    try {
      await measurePods(client)
      await measureIdle(bench)
      await measureNodeDeath(bench, client)
    } finally {
      client.close()
    }
  } finally {
    spawn(bench, 'cluster', 'delete')
    rmSync(folder, { recursive: true, force: true })
  }
}

function spawn({ command, env }: Bench, ...words: string[]) {
  return spawnSync(command, words, { env: { ...process.env, ...env }, encoding: 'utf8' })
}

function run(bench: Bench, ...words: string[]): string {
  const { status, stdout, stderr } = spawn(bench, ...words)
  if (status !== 0) throw new Error(`myorch ${words.join(' ')}: ${stderr}`)
  return `${stdout}${stderr}`
}

/** With the images of the runs before: bringing them here is not what is measured. */
function create(bench: Bench): string {
  const images = join(bench.folder, 'images')
  return run(bench, 'cluster', 'create', '--nodes', '3', '--timings', '--image-root', images)
}

function makePod(name: string, nodeName?: string): KubeObject {
  const container = { name: 'web', image: 'host', command: ['sleep', '1000'] }
  const spec = {
    terminationGracePeriodSeconds: 0,
    containers: [container],
    ...(nodeName === undefined ? {} : { nodeName }),
  }
  return { ...podKind, metadata: { name, namespace: 'default', labels: { bench: 'pods' } }, spec }
}

const isRunning = (pod: KubeObject): boolean => pod.status?.['phase'] === 'Running'

/** From nothing to three Ready nodes and the first pod Running. */
async function measureCreate(bench: Bench, runs: number): Promise<void> {
  const times: number[] = []
  let steps = ''
  for (let at = 0; at <= runs; at++) {
    const begun = performance.now()
    steps = create(bench)
    const client = makeHttpClient(await readKubeconfig(bench.env['KUBECONFIG'] ?? ''))
    const pods = makeInformer(client, podKind)
    const running = new Promise<void>((resolve) =>
      pods.onChange((pod) => isRunning(pod) && resolve()),
    )
    await client.create(makePod('first'))
    await running
    // The first run makes the image.
    if (at > 0) times.push(performance.now() - begun)
    pods.stop()
    client.close()
    run(bench, 'cluster', 'delete')
  }
  say('cluster create --nodes 3, to the first pod Running (asked: under 3 000 ms)', times, 'ms')
  process.stdout.write(steps.replaceAll(/^/gm, '   '))
}

function say(title: string, values: readonly number[], unit: string): void {
  const sorted = values.toSorted((a, b) => a - b)
  const [median, most] = [quantile(sorted, 0.5), quantile(sorted, 0.99)]
  process.stdout.write(
    `\n## ${title}\n   p50 ${median.toFixed(0)} ${unit}, p99 ${most.toFixed(0)} ${unit}, n ${values.length}\n`,
  )
}

/** Pods at a steady pace, each from the request to the watch that shows it Running. */
async function measurePods(client: Client): Promise<void> {
  const pods = makeInformer(client, podKind, { labelSelector: 'bench=pods' })
  await pods.synced
  const created = new Map<string, number>()
  const times: number[] = []
  const all = Promise.withResolvers<void>()
  pods.onChange((pod, isThere) => {
    const { name = '' } = pod.metadata
    const begun = created.get(name)
    if (!isThere || begun === undefined || !isRunning(pod)) return
    created.delete(name)
    times.push(performance.now() - begun)
    if (times.length === podsInARow) all.resolve()
  })
  for (let at = 0; at < podsInARow; at++) {
    created.set(`pod-${at}`, performance.now())
    await client.create(makePod(`pod-${at}`))
    await wait(1000 / podsPerSecond)
  }
  await all.promise
  say(
    `pod created to Running, ${podsPerSecond} a second (asked: p50 100 ms, p99 400 ms)`,
    times,
    'ms',
  )
  await removeAll(client, pods)
  pods.stop()
}

async function removeAll(client: Client, pods: Informer): Promise<void> {
  const gone = Promise.withResolvers<void>()
  pods.onChange(() => pods.list().length === 0 && gone.resolve())
  for (const { metadata } of pods.list())
    await client.delete(podKind, { name: metadata.name ?? '', namespace: 'default' })
  if (pods.list().length > 0) await gone.promise
}

/** What processes that have nothing to do cost. */
async function measureIdle({ folder }: Bench): Promise<void> {
  const names = ['server', 'dev-1', 'dev-2', 'dev-3']
  const pidOf = (name: string): number => {
    const text = readFileSync(join(folder, 'clusters/dev/processes', name), 'utf8')
    return (JSON.parse(text) as { pid: number }).pid
  }
  // What V8 tidies up after work is not idleness.
  await wait(settleMs)
  const ticks = (): number[] => names.map((name) => readTicks(pidOf(name)))
  const before = ticks()
  await wait(idleSeconds * 1000)
  const after = ticks()
  process.stdout.write(
    '\n## Idle (asked: server 150 MB, agent 90 MB; server and one agent 1 % of a core)\n',
  )
  for (const [at, name] of names.entries()) {
    const percent = ((after[at] ?? 0) - (before[at] ?? 0)) / idleSeconds
    const memory = readMemory(pidOf(name))
    process.stdout.write(
      `   ${name}: ${memory.toFixed(0)} MB resident, ${percent.toFixed(2)} % of a core\n`,
    )
  }
}

/** proc_pid_stat(5): user and system time, in hundredths of a second. */
function readTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

function readMemory(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024
}

const replicas = 6

const nodeNameOf = (pod: KubeObject): string => {
  const name = pod.spec?.['nodeName']
  return typeof name === 'string' ? name : ''
}

/** A node is killed; until as many pods run elsewhere as were asked for. */
async function measureNodeDeath(bench: Bench, client: Client): Promise<void> {
  const labels = { app: 'kept' }
  const template = { metadata: { labels }, spec: makePod('').spec }
  await client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kept', namespace: 'default' },
    spec: { replicas, selector: { matchLabels: labels }, template },
  })
  const pods = makeInformer(client, podKind, { labelSelector: 'app=kept' })
  const runningOn = (wanted: (node: string) => boolean): number =>
    pods.list().filter((pod) => isLive(pod) && wanted(nodeNameOf(pod))).length
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => pods.onChange(() => isSo() && resolve()))
  await until(() => runningOn(() => true) === replicas)
  const begun = performance.now()
  run(bench, 'cluster', 'node', 'kill', 'dev-2')
  await until(() => runningOn((node) => node !== 'dev-2') === replicas)
  say(
    'node killed to all its pods Running elsewhere (asked: under 10 000 ms)',
    [performance.now() - begun],
    'ms',
  )
  pods.stop()
}

function isLive(pod: KubeObject): boolean {
  const isReady = listAt(pod, ['status', 'conditions']).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )
  return isReady && pod.metadata.deletionTimestamp === undefined
}
