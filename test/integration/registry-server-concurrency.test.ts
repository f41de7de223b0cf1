import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import {
  type Content,
  digestOf,
  manifestOf,
  pushBlob,
  pushManifest,
  randomBlob,
} from './registry-content.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { send } from './registry-request.ts'

t.setTimeout(180_000)

const workers = 8
const rounds = 12

/** Push an image with shared layers as clients do: look first, push what is missing. */
async function pushShared(
  url: string,
  name: string,
  tag: string,
  shared: Content[],
): Promise<void> {
  const config = randomBlob(100)
  for (const blob of [config, ...shared]) {
    const head = await send(url, 'HEAD', `/v2/${name}/blobs/${blob.digest}`)
    if (head.status === 404) await pushBlob(url, name, blob)
  }
  await pushManifest(url, name, manifestOf(config, shared), tag)
}

/** Pull an image whole. @throws {Error} for anything that is not there or not what it should be */
async function pull(url: string, name: string, tag: string): Promise<void> {
  const manifest = await send(url, 'GET', `/v2/${name}/manifests/${tag}`)
  if (manifest.status !== 200) throw new Error(`manifest ${name}:${tag}: ${manifest.status}`)
  const { config, layers } = JSON.parse(manifest.body.toString()) as {
    config: Content
    layers: Content[]
  }
  for (const { digest } of [config, ...layers]) {
    const blob = await send(url, 'GET', `/v2/${name}/blobs/${digest}`)
    if (blob.status !== 200 || digestOf(blob.body) !== digest)
      throw new Error(`blob ${digest} of ${name}:${tag}: ${blob.status}`)
  }
}

async function deleteImage(url: string, name: string, tag: string): Promise<void> {
  const head = await send(url, 'HEAD', `/v2/${name}/manifests/${tag}`)
  await send(
    url,
    'DELETE',
    `/v2/${name}/manifests/${String(head.headers['docker-content-digest'])}`,
  )
}

t.test('8 clients push, pull and delete shared layers while garbage is collected', async (t) => {
  const root = join(testFolder(t), 'state')
  // No grace but the lease of who looked or pushed: as hard as it can be and still work.
  const flags = ['--gc-interval', '20ms', '--gc-grace', '3s', '--access-log', 'off']
  const { url, errors } = await startRegistry(t, root, flags)
  const shared = [randomBlob(300_000), randomBlob(50_000), randomBlob(900_000)]
  const prune = async (): Promise<void> => {
    const entry = join(import.meta.dirname, '../../runtime/myimage/main.ts')
    const child = spawn(process.execPath, [entry, '--root', root, 'prune', '--all'], {
      stdio: 'inherit',
    })
    const [code] = (await once(child, 'exit')) as [number]
    t.equal(code, 0, 'another process prunes the same store')
  }
  const work = async (worker: number): Promise<void> => {
    const name = `shared/${worker % 3}`
    for (let round = 0; round < rounds; round += 1) {
      const tag = `w${worker}-${round}`
      await pushShared(url, name, tag, shared)
      await pull(url, name, tag)
      if (round % 2 === 0) await deleteImage(url, name, tag)
    }
  }
  await Promise.all([...Array.from({ length: workers }, (_, at) => work(at)), prune(), prune()])
  for (let worker = 0; worker < workers; worker += 1)
    for (let round = 1; round < rounds; round += 2)
      await pull(url, `shared/${worker % 3}`, `w${worker}-${round}`)
  t.notMatch(errors(), /myimage: serve/)
})

t.test('8 clients push the same new blob to the same repository at once', async (t) => {
  const { url, errors } = await startRegistry(t, join(testFolder(t), 'state'))
  for (let round = 0; round < 5; round += 1) {
    const blob = randomBlob(1_000_000)
    await Promise.all(Array.from({ length: workers }, () => pushBlob(url, 'same', blob)))
    const pulled = await send(url, 'GET', `/v2/same/blobs/${blob.digest}`)
    t.ok(pulled.body.equals(blob.bytes))
  }
  t.notMatch(errors(), /myimage: serve/)
})

t.test('two servers of one store', async (t) => {
  const root = join(testFolder(t), 'state')
  const [one, other] = [await startRegistry(t, root), await startRegistry(t, root)]
  const blobs = Array.from({ length: 20 }, () => randomBlob(20_000))
  await Promise.all(
    blobs.map((blob, at) => pushBlob(at % 2 === 0 ? one.url : other.url, 'two', blob)),
  )
  for (const [at, blob] of blobs.entries()) {
    const answer = await send(
      at % 2 === 0 ? other.url : one.url,
      'GET',
      `/v2/two/blobs/${blob.digest}`,
    )
    t.ok(answer.body.equals(blob.bytes))
  }
})
