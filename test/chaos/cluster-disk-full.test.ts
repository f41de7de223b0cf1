import { execFileSync } from 'node:child_process'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { StatusError } from '../../orchestrator/api/status-error.ts'
import type { HttpClient } from '../../orchestrator/client/http-client.ts'
import {
  isReadyNode,
  isReadyPod,
  makeChaosCluster,
  nodeKind,
  podKind,
  sleepers,
} from './chaos-cluster.ts'

// Needs root. Server and node keep their state on a disk that fills up: requests say so, nothing that was acknowledged is
// lost, what runs goes on, and all is well again when there is room.

const mapKind = { apiVersion: 'v1', kind: 'ConfigMap' }
const namespace = 'default'
const megabytes = 96
/** Bytes that are left for the first writes. */
const spare = 2 ** 20
const chunk = Buffer.alloc(64 * 1024, 'x')

/** Fill the disk but for a little. @returns what makes room again */
function fill(folder: string): () => void {
  const path = join(folder, 'filler')
  const file = openSync(path, 'w')
  try {
    for (const size of [chunk.length, 4096, 512, 1])
      try {
        for (;;) writeSync(file, chunk, 0, size)
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOSPC') throw error
      }
    ftruncateSync(file, fstatSync(file).size - spare)
  } finally {
    closeSync(file)
  }
  return () => rmSync(path, { force: true })
}

/** Write until one is refused. @returns names of those that were not */
async function writeUntilRefused(
  client: HttpClient,
  prefix: string,
  most: number,
): Promise<{ written: string[]; refusal: unknown }> {
  const written: string[] = []
  for (let at = 0; at < most; at++) {
    const name = `${prefix}-${at}`
    const object = { ...mapKind, metadata: { name, namespace }, data: { x: 'x'.repeat(20_000) } }
    try {
      await client.create(object)
      written.push(name)
    } catch (refusal) {
      return { written, refusal }
    }
  }
  return { written, refusal: undefined }
}

function checkRefusal(t: Test, refusal: unknown): void {
  const { status } = refusal instanceof StatusError ? refusal : { status: undefined }
  t.match(status, { kind: 'Status', status: 'Failure', code: 500, reason: 'InternalError' })
  t.match(status?.message, /disk is full .*store\.db.*Make room/, 'what it is and what to do')
}

t.test('the disk of a cluster is full', async (t) => {
  let disk = ''
  const cluster = await makeChaosCluster(t, 1, {
    prepare: (folder) => {
      disk = join(folder, 'myorch')
      mkdirSync(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk])
    },
    dispose: () => void execFileSync('umount', ['-l', disk]),
  })
  const { client, until, liveContainers } = cluster
  await client.create(sleepers('Deployment', 'web', 2))
  const areReady = (count: number) => (pods: { metadata: object }[]) =>
    pods.length === count && (pods as Parameters<typeof isReadyPod>[0][]).every(isReadyPod)
  await until('all pods are ready', podKind, areReady(2), 30_000)
  const running = (): string[] =>
    liveContainers()
      .map(({ id }) => id)
      .toSorted()
  const before = running()

  const makeRoom = fill(disk)
  const first = await writeUntilRefused(client, 'full', 400)
  checkRefusal(t, first.refusal)
  t.ok((await client.list(podKind)).items.length === 2, 'what is there can be read')
  const again = await writeUntilRefused(client, 'again', 3)
  checkRefusal(t, again.refusal)
  // Longer than silence is borne: the node lives, if nobody can write it down.
  await new Promise((resolve) => setTimeout(resolve, 7000))
  t.strictSame(running(), before, 'what ran goes on')

  await t.test('ended and started on the full disk', async (t) => {
    for (const name of ['server', ...cluster.nodes]) process.kill(cluster.pidOf(name), 'SIGKILL')
    const { code, stderr } = await cluster.own('myorch', 'cluster', 'start', cluster.name)
    t.equal(code, 1, 'it cannot start')
    t.match(stderr, /^myorch: .*(?:ENOSPC|disk is full)/s, 'and says why')
    t.notMatch(stderr, /\.(?:ts|cjs):\d+|TypeError/)
    makeRoom()
    await cluster.myorch('cluster', 'start', cluster.name)
    const stored = new Set(
      (await client.list(mapKind, { namespace })).items.map(({ metadata }) => metadata.name),
    )
    t.strictSame(
      [...first.written, ...again.written].filter((name) => !stored.has(name)),
      [],
      'all that were acknowledged are there',
    )
    t.comment(`${first.written.length} were written before it was full`)
    t.notOk(stored.has(`full-${first.written.length}`), 'the refused one is not')
  })

  await t.test('goes on when there is room', async (t) => {
    const { refusal } = await writeUntilRefused(client, 'room', 3)
    t.equal(refusal, undefined)
    await until('the node is ready', nodeKind, (nodes) => nodes.every(isReadyNode), 20_000)
    await client.patch(
      { apiVersion: 'apps/v1', kind: 'Deployment' },
      { name: 'web', namespace },
      'merge',
      { spec: { replicas: 3 } },
    )
    await until('one more pod is ready', podKind, areReady(3), 20_000)
    t.strictSame(
      before.filter((id) => !running().includes(id)),
      [],
      'none was started anew',
    )
  })
})
