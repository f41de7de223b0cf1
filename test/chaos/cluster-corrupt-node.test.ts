import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { listAt, plainText } from '../../orchestrator/api/object.ts'
import { waitUntil } from '../integration/command-line.ts'
import { isReadyPod, makeChaosCluster, podKind, sleepers } from './chaos-cluster.ts'
import type { ChaosCluster } from './chaos-cluster.ts'
import { runCommand } from './own-command.ts'

// Needs root. Files of a node, of a cluster and of its user that are damaged: the node goes on with everything else, what
// cannot be watched any more is ended and started anew, and who cannot go on says which file it is.

const replicas = 3

/** One line, which names the file and the cure. */
function checkRefused(
  t: Test,
  { code, stderr }: { readonly code: number; readonly stderr: string },
  path: string,
  cure: RegExp,
): void {
  t.equal(code, 1)
  t.match(stderr, /^myorch: [^\n]+\n$/, 'one line')
  t.ok(stderr.includes(path), 'with the file', { stderr })
  t.match(stderr, cure, 'and the cure')
  t.notMatch(stderr, /\.(?:ts|cjs):\d+|TypeError|undefined/, 'and no trace of a stack')
}

const idOf = (pod: KubeObject | undefined): string => {
  const [status] = listAt(pod, ['status', 'containerStatuses'])
  return (plainText(status?.['containerID']) ?? '').replace(/^.*:\/\//, '')
}

interface Row {
  readonly file: string
  /** Below the node's folder. */
  readonly path: (pod: KubeObject) => string
  /** Whether the container of the pod has to be started anew. */
  readonly isRestarted: boolean
}

const run = (pod: KubeObject, file: string): string =>
  join('runtime/data/containers', idOf(pod), file)

const rows: Row[] = [
  {
    file: 'sandbox.json',
    path: ({ metadata }) => join('pods', metadata.uid ?? '', 'sandbox.json'),
    isRestarted: false,
  },
  { file: 'record.json', path: (pod) => run(pod, 'record.json'), isRestarted: true },
  { file: 'start.json', path: (pod) => run(pod, 'start.json'), isRestarted: true },
  { file: 'state/process', path: (pod) => run(pod, 'state/process'), isRestarted: true },
  { file: 'credentials.json', path: () => 'credentials.json', isRestarted: false },
]

/** Each pod is ready, and what runs is what is shown. */
const untilWhole = ({ until, liveContainers }: ChaosCluster): Promise<KubeObject[]> =>
  until(
    'all pods run once',
    podKind,
    (pods) => {
      const running = liveContainers().map(({ id }) => id)
      const shown = pods.map(idOf)
      return (
        pods.length === replicas &&
        pods.every(isReadyPod) &&
        JSON.stringify(running.toSorted()) === JSON.stringify(shown.toSorted())
      )
    },
    25_000,
  )

t.test('damaged files of a node', async (t) => {
  const cluster = await makeChaosCluster(t, 1)
  const { client, myorch, pidOf, path, name, nodes, liveContainers } = cluster
  const [node = ''] = nodes
  await client.create(sleepers('Deployment', 'web', replicas))
  for (const { file, path: pathOf, isRestarted } of rows)
    await t.test(file, async (t) => {
      const before = await untilWhole(cluster)
      const [victim] = before
      const old = liveContainers().find(({ uid }) => uid === victim?.metadata.uid)
      const pid = pidOf(node)
      process.kill(pid, 'SIGKILL')
      await waitUntil('the node has ended', () => !existsSync(`/proc/${pid}`))
      truncateSync(join(path, 'nodes', node, victim ? pathOf(victim) : ''), 10)
      await myorch('cluster', 'start', name)
      const isNew = (pods: KubeObject[]): boolean =>
        !isRestarted ||
        idOf(pods.find(({ metadata }) => metadata.uid === victim?.metadata.uid)) !== idOf(victim)
      await cluster.until('the container is another', podKind, isNew, 20_000)
      const after = await untilWhole(cluster)
      const kept = (pods: KubeObject[]): string[] =>
        pods
          .filter(({ metadata }) => !isRestarted || metadata.uid !== victim?.metadata.uid)
          .map(idOf)
          .toSorted()
      t.strictSame(kept(after), kept(before), 'the others were left alone')
      if (isRestarted) t.notOk(existsSync(`/proc/${old?.pid}`), 'the old one is gone')
    })

  await t.test('cluster.json', async (t) => {
    const record = join(path, 'cluster.json')
    truncateSync(record, 20)
    for (const words of [
      ['cluster', 'start', name],
      ['cluster', 'stop', name],
    ])
      checkRefused(t, await cluster.own('myorch', ...words), record, /myorch cluster delete/)
    t.equal((await cluster.own('myorch', 'cluster', 'list')).code, 0, 'others are there still')
    t.strictSame(await cluster.remove(), [], 'it can be taken away')
  })
})

t.test('damaged files of a user', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'corrupt-user-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'kubeconfig')
  for (const [title, text] of [
    ['no YAML', 'clusters: [}\n'],
    ['text', 'hello\n'],
    ['a list', '- a\n- b\n'],
    ['lists that are none', 'clusters: 5\nusers: x\ncontexts: {}\ncurrent-context: a\n'],
    ['entries that are none', 'clusters: [1]\nusers: [null]\ncontexts: [[]]\ncurrent-context: a\n'],
    ['cut', 'apiVersion: v1\nclusters:\n- cluster:\n    server: https://127.0.0.1:1\n  na'],
    ['bytes', '\u0000\u0001\u0002'],
  ] as const)
    await t.test(`kubeconfig: ${title}`, async (t) => {
      writeFileSync(path, text)
      const env = { ...process.env, KUBECONFIG: path, MYORCH_ROOT: folder }
      const result = await runCommand(env, 'get', 'pods')
      checkRefused(t, result, path, /./)
      t.equal(readFileSync(path, 'utf8'), text, 'it is as it was')
    })
})
