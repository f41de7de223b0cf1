import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  blobOf,
  indexOf,
  manifestOf,
  pushBlob,
  pushImage,
  pushManifest,
  randomBlob,
} from './registry-content.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { locationPath, send } from './registry-request.ts'

t.setTimeout(180_000)

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}

t.test(
  'garbage collection: what no manifest needs goes after its time, the rest stays',
  async (t) => {
    const root = join(testFolder(t), 'state')
    const flags = ['--gc-interval', '50ms', '--gc-grace', '500ms', '--untagged-after', '500ms']
    const { url } = await startRegistry(t, root, flags)
    const layer = randomBlob(1000)
    const kept = await pushImage(url, 'app', 'kept', [layer])
    const replaced = await pushImage(url, 'app', 'moved')
    await pushImage(url, 'app', 'moved')
    const child = await pushImage(url, 'app', 'child')
    const index = indexOf([child])
    await pushManifest(url, 'app', index, 'index')
    await send(url, 'DELETE', '/v2/app/manifests/child')
    await pushBlob(url, 'app', blobOf('{}'))
    const subject = { mediaType: kept.mediaType, digest: kept.digest, size: kept.size }
    const referrer = manifestOf(blobOf('{}'), [], { subject })
    await pushManifest(url, 'app', referrer)
    const loose = randomBlob(2000)
    await pushBlob(url, 'app', loose)
    const status = async (kind: string, digest: string): Promise<number> =>
      (await send(url, 'GET', `/v2/app/${kind}/${digest}`)).status
    await until(async () => (await status('blobs', loose.digest)) === 404)
    await until(async () => (await status('manifests', replaced.digest)) === 404)
    const stored = (): string[] => readdirSync(join(root, 'data/blobs/sha256'))
    await until(() => !stored().includes(loose.digest.slice(7)))
    for (const { digest } of [kept, child, index, referrer])
      t.equal(await status('manifests', digest), 200)
    t.equal(await status('blobs', layer.digest), 200)
    t.equal(await status('blobs', blobOf('{}').digest), 200)
  },
)

t.test('garbage collection: who asks whether a blob is here may rely on it', async (t) => {
  const flags = ['--gc-interval', '20ms', '--gc-grace', '400ms']
  const { url } = await startRegistry(t, join(testFolder(t), 'state'), flags)
  const blob = randomBlob(2000)
  await pushBlob(url, 'app', blob)
  for (let turn = 0; turn < 10; turn += 1) {
    t.equal((await send(url, 'HEAD', `/v2/app/blobs/${blob.digest}`)).status, 200)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await pushManifest(url, 'app', manifestOf(blob, []), 'v1')
})

t.test('unfinished uploads are dropped when their time is over', async (t) => {
  const root = join(testFolder(t), 'state')
  const { url } = await startRegistry(t, root, ['--gc-interval', '20ms', '--upload-timeout', '1h'])
  const path = locationPath(await send(url, 'POST', '/v2/app/blobs/uploads/'), url)
  t.equal((await send(url, 'PATCH', path, { body: 'abc' })).status, 202)
  const folder = join(root, 'data/uploads')
  const long = new Date(Date.now() - 7_200_000)
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), long, long)
  await until(() => readdirSync(folder).length === 0)
  t.equal((await send(url, 'GET', path)).status, 404)
})

t.test(
  'what is removed from the images of the store stays in the registry, and the reverse',
  async (t) => {
    const root = join(testFolder(t), 'state')
    const { url } = await startRegistry(t, root)
    const manifest = await pushImage(url, 'app', 'v1')
    const entry = join(import.meta.dirname, '../../runtime/myimage/main.ts')
    execFileSync(process.execPath, [entry, '--root', root, 'prune', '--all'])
    const pulled = await send(url, 'GET', '/v2/app/manifests/v1')
    t.ok(pulled.body.equals(manifest.bytes))
  },
)

t.test('garbage collection: the time of a manifest begins when its tag goes', async (t) => {
  const root = join(testFolder(t), 'state')
  const { url } = await startRegistry(t, root, ['--gc-interval', '30ms', '--untagged-after', '3s'])
  const manifest = await pushImage(url, 'app', 'v1')
  await new Promise((resolve) => setTimeout(resolve, 3100))
  const collections = async (): Promise<number> => {
    const text = (await send(url, 'GET', '/metrics')).body.toString()
    return Number(/^registry_collections_total (\d+)$/m.exec(text)?.[1])
  }
  const file = join(root, 'data/blobs/sha256', manifest.digest.slice(7))
  await send(url, 'DELETE', '/v2/app/manifests/v1')
  const before = await collections()
  await until(async () => (await collections()) > before + 1)
  t.ok(existsSync(file))
  await until(() => !existsSync(file))
})
