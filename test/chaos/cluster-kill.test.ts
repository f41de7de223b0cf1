import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { listAt, plainText } from '../../orchestrator/api/object.ts'
import { makeHttpClient } from '../../orchestrator/client/http-client.ts'
import type { HttpClient } from '../../orchestrator/client/http-client.ts'
import { makeInformer } from '../../orchestrator/client/informer.ts'
import { readKubeconfig } from '../../orchestrator/client/read-kubeconfig.ts'
import { untilReachable } from '../../orchestrator/client/until-reachable.ts'

// Server and agents are killed at random while pods run and objects are written: what was acknowledged is there, and no pod
// is started anew because of it.

const command = join(import.meta.dirname, '../../bin/myorch')
const call = promisify(execFile)
const cluster = `chaos${process.pid % 10_000}`
const replicas = 6
const rounds = 8
const podKind = { apiVersion: 'v1', kind: 'Pod' }
const mapKind = { apiVersion: 'v1', kind: 'ConfigMap' }

interface Bench {
  readonly folder: string
  readonly client: HttpClient
  readonly myorch: (...words: string[]) => Promise<string>
  readonly pidOf: (name: string) => number
}

async function startBench(t: Test): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-chaos-'))
  const kubeconfig = join(folder, 'kubeconfig')
  const env = { ...process.env, HOME: folder, MYORCH_ROOT: folder, KUBECONFIG: kubeconfig }
  const myorch = async (...words: string[]): Promise<string> =>
    (await call(command, words, { env, timeout: 120_000 })).stdout
  t.teardown(async () => {
    if (existsSync(join(folder, 'clusters', cluster))) await myorch('cluster', 'delete', cluster)
    rmSync(folder, { recursive: true, force: true })
  })
  await myorch('cluster', 'create', '--nodes', '2', '--name', cluster)
  const client = makeHttpClient(await readKubeconfig(kubeconfig))
  t.teardown(() => client.close())
  return {
    folder,
    client,
    myorch,
    pidOf: (name) => {
      const path = join(folder, 'clusters', cluster, 'processes', name)
      return (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid
    },
  }
}

/** A deployment whose pods take a moment to notice that they are to end: what is killed must not be seen as ended. */
function deployment(): KubeObject {
  const labels = { app: 'kept' }
  const container = { name: 'web', image: 'host', command: ['sleep', '1000'] }
  const spec = { terminationGracePeriodSeconds: 0, containers: [container] }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kept', namespace: 'default' },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  }
}

const isReady = (pod: KubeObject): boolean =>
  listAt(pod, ['status', 'conditions']).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )

/** Uids and container ids: what must not change. */
async function identities(client: HttpClient): Promise<string[]> {
  const { items } = await client.list(podKind, { namespace: 'default' })
  return items
    .map(({ metadata, status }) => {
      const [container] = listAt({ status }, ['status', 'containerStatuses'])
      const [id, restarts] = ['containerID', 'restartCount'].map((field) =>
        plainText(container?.[field]),
      )
      return `${metadata.name} ${metadata.uid} ${id} ${restarts}`
    })
    .toSorted()
}

async function untilAllReady(client: HttpClient): Promise<void> {
  const pods = makeInformer(client, podKind, { namespace: 'default' }, { firstWait: 20 })
  try {
    await new Promise<void>((resolve) => {
      pods.onChange(() => {
        if (pods.list().filter(isReady).length === replicas) resolve()
      })
    })
  } finally {
    pods.stop()
  }
}

t.test('server and agents are killed at random', async (t) => {
  const { client, myorch, pidOf, folder } = await startBench(t)
  await client.create(deployment())
  await untilAllReady(client)
  const before = await identities(client)
  const written: string[] = []
  const stopping = new AbortController()
  // A writer who remembers what was acknowledged, and nothing else.
  const writing = (async () => {
    for (let at = 0; !stopping.signal.aborted; at++) {
      const name = `map-${at}`
      const object = {
        ...mapKind,
        metadata: { name, namespace: 'default' },
        data: { at: String(at) },
      }
      await untilReachable(() => client.create(object), stopping.signal).then(
        () => written.push(name),
        // The answer to a create may be lost with the server, and the next attempt finds what it made.
        () => undefined,
      )
    }
  })()
  const names = ['server', `${cluster}-1`, `${cluster}-2`]
  for (let round = 0; round < rounds; round++) {
    const victims = names.filter((_, at) => (round + 1) & (1 << at))
    for (const name of victims) process.kill(pidOf(name), 'SIGKILL')
    await myorch('cluster', 'start', cluster)
  }
  stopping.abort()
  await writing
  await untilAllReady(client)
  t.strictSame(
    await identities(client),
    before,
    'the same pods, the same containers, none restarted',
  )
  const { items } = await client.list(mapKind, { namespace: 'default' })
  const stored = new Set(items.map(({ metadata }) => metadata.name))
  t.ok(written.length > 0, `${written.length} writes were acknowledged`)
  t.strictSame(
    written.filter((name) => !stored.has(name)),
    [],
    'all of them are there',
  )
  await client.delete(
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { name: 'kept', namespace: 'default' },
  )
  await myorch('cluster', 'delete', cluster)
  t.strictSame(readdirSync(join(folder, 'clusters')), [])
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), folder)
})
