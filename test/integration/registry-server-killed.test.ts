import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import {
  type Content,
  type Manifest,
  digestOf,
  manifestOf,
  pushBlob,
  pushManifest,
  randomBlob,
} from './registry-content.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { locationPath, send } from './registry-request.ts'

t.setTimeout(180_000)

const rounds = 8
const pushers = 4

interface Pushed {
  readonly name: string
  readonly blobs: Content[]
  readonly manifests: Manifest[]
}

/** Push images until the registry is gone; @returns all that was answered with 201 */
async function pushUntilKilled(url: string, name: string): Promise<Pushed> {
  const pushed: Pushed = { name, blobs: [], manifests: [] }
  try {
    for (;;) {
      const blobs = [randomBlob(200), randomBlob(1_500_000), randomBlob(40_000)]
      for (const blob of blobs) {
        await pushBlob(url, name, blob)
        pushed.blobs.push(blob)
      }
      const manifest = manifestOf(blobs[0] as Content, blobs.slice(1))
      await pushManifest(url, name, manifest, `t${pushed.manifests.length}`)
      pushed.manifests.push(manifest)
    }
  } catch {
    return pushed
  }
}

/** Files of the store whose content has not the digest that is their name. */
function damagedBlobs(root: string): string[] {
  const folder = join(root, 'data/blobs/sha256')
  return readdirSync(folder).filter(
    (name) =>
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex') !== name,
  )
}

t.test('killed at any instant, it serves only whole content afterwards', async (t) => {
  const root = join(testFolder(t), 'state')
  let acknowledged = 0
  for (let round = 0; round < rounds; round += 1) {
    const registry = await startRegistry(t, root, ['--access-log', 'off'])
    const pushing = Array.from({ length: pushers }, (_, at) =>
      pushUntilKilled(registry.url, `k${round}/${at}`),
    )
    await sleep(30 + Math.random() * 500)
    await registry.end('SIGKILL')
    const all = await Promise.all(pushing)
    t.same(damagedBlobs(root), [], `round ${round}`)
    const after = await startRegistry(t, root, ['--access-log', 'off'])
    for (const { name, blobs, manifests } of all) {
      acknowledged += blobs.length + manifests.length
      for (const [kind, contents] of [
        ['blobs', blobs],
        ['manifests', manifests],
      ] as const)
        for (const { digest, size } of contents) {
          const answer = await send(after.url, 'GET', `/v2/${name}/${kind}/${digest}`)
          if (
            answer.status !== 200 ||
            answer.body.length !== size ||
            digestOf(answer.body) !== digest
          )
            t.fail('what was acknowledged is not there', { digest, status: answer.status })
        }
    }
    await after.end()
  }
  t.comment(`${acknowledged} blobs and manifests were acknowledged before a kill`)
  t.ok(acknowledged > 0)
})

t.test('an upload goes on after a kill where it was', async (t) => {
  const root = join(testFolder(t), 'state')
  const blob = randomBlob(3_000_000)
  const first = await startRegistry(t, root)
  const started = await send(first.url, 'POST', '/v2/resumed/blobs/uploads/')
  const path = locationPath(started, first.url)
  const chunk = await send(first.url, 'PATCH', path, {
    headers: { 'Content-Range': '0-1999999' },
    body: blob.bytes.subarray(0, 2_000_000),
  })
  t.equal(chunk.status, 202)
  await first.end('SIGKILL')

  const second = await startRegistry(t, root)
  const status = await send(second.url, 'GET', path)
  t.equal(status.status, 204)
  t.equal(status.headers.range, '0-1999999')
  const ended = await send(second.url, 'PUT', `${path}?digest=${blob.digest}`, {
    headers: { 'Content-Range': '2000000-2999999' },
    body: blob.bytes.subarray(2_000_000),
  })
  t.equal(ended.status, 201)
  const pulled = await send(second.url, 'GET', `/v2/resumed/blobs/${blob.digest}`)
  t.ok(pulled.body.equals(blob.bytes))
  t.same(readdirSync(join(root, 'data/uploads')), [])
})
