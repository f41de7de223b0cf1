import { randomBytes, randomInt } from 'node:crypto'
import t, { type Test } from 'tap'
import { uploadBlob } from '../../../rootfs/registry-client/upload-blob.ts'
import { type TestRegistry, digestOf, refuse, startRegistry } from './test-registry.ts'

const content = randomBytes(3_000_000)
const digest = digestOf(content)

function pieces(offset: number): Buffer[] {
  const found: Buffer[] = []
  for (let at = offset; at < content.length; at += 65_536)
    found.push(content.subarray(at, at + 65_536))
  return found
}

function send(
  registry: TestRegistry,
  more: { mountFrom?: string; chunkSize?: number } = {},
): ReturnType<typeof uploadBlob> {
  const repository = { client: registry.client(), name: 'a/b' }
  return uploadBlob(repository, { digest, size: content.length, pieces, ...more })
}

function requireStored(t: Test, registry: TestRegistry): void {
  t.ok(registry.blobs.get(digest)?.equals(content), 'all of it arrived')
}

function methods(registry: TestRegistry): string {
  return registry.seen
    .filter(({ url }) => url !== '/v2/')
    .map(({ method }) => method)
    .join(' ')
}

t.test('in one piece', async (t) => {
  const registry = await startRegistry(t)
  t.equal(await send(registry), 'sent')
  requireStored(t, registry)
  t.equal(methods(registry), 'HEAD POST PUT')
})

t.test('what is there is not sent', async (t) => {
  const registry = await startRegistry(t)
  registry.blobs.set(digest, content)
  t.equal(await send(registry), 'present')
  t.equal(methods(registry), 'HEAD')
})

t.test('in chunks', async (t) => {
  const registry = await startRegistry(t)
  t.equal(await send(registry, { chunkSize: 1_100_000 }), 'sent')
  requireStored(t, registry)
  t.equal(methods(registry), 'HEAD POST PATCH PATCH PATCH PUT')
  const ranges = registry.seen.map(({ headers }) => headers['content-range']).filter(Boolean)
  t.strictSame(ranges, ['0-1099999', '1100000-2199999', '2200000-2999999'])
})

t.test('cut at random bytes, it goes on where the registry says', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    const registry = await startRegistry(t)
    let cuts = 0
    registry.intercept = (request) => {
      const isSending = request.method === 'PUT' || request.method === 'PATCH'
      if (!isSending || cuts >= 3 || request.headers['content-length'] === '0') return false
      cuts += 1
      let left = randomInt(1, 900_000)
      request.on('data', (piece: Buffer) => {
        left -= piece.length
        if (left <= 0) request.destroy()
      })
      return false
    }
    t.equal(await send(registry), 'sent')
    requireStored(t, registry)
    t.ok(cuts > 0)
  }
})

t.test('a registry that forgot the upload gets it again', async (t) => {
  const registry = await startRegistry(t)
  let once = true
  registry.intercept = (request, response) => {
    if (request.method !== 'PUT' || !once) return false
    once = false
    request.resume()
    refuse(response, 404, 'BLOB_UPLOAD_UNKNOWN')
    return true
  }
  t.equal(await send(registry), 'sent')
  requireStored(t, registry)
})

t.test('a proxy that takes no large body gets chunks', async (t) => {
  const registry = await startRegistry(t)
  registry.intercept = (request, response) => {
    if (request.method !== 'PUT' || request.headers['content-length'] === '0') return false
    request.resume()
    refuse(response, 413, 'SIZE_INVALID')
    return true
  }
  t.equal(await send(registry), 'sent')
  requireStored(t, registry)
})

t.test('a mount sends nothing', async (t) => {
  const registry = await startRegistry(t)
  registry.intercept = ({ method, url = '' }, response) => {
    if (method !== 'POST' || !url.includes('mount=')) return false
    response.writeHead(201).end()
    return true
  }
  t.equal(await send(registry, { mountFrom: 'c/d' }), 'mounted')
  t.ok(registry.seen.some(({ url }) => url.endsWith(`?mount=${digest}&from=c%2Fd`)))
})

t.test('a mount that is not done becomes an upload', async (t) => {
  const registry = await startRegistry(t)
  t.equal(await send(registry, { mountFrom: 'c/d' }), 'sent')
  requireStored(t, registry)
  t.equal(methods(registry), 'HEAD POST PUT')
})

t.test('who may not push is told so, at once', async (t) => {
  const registry = await startRegistry(t)
  registry.intercept = ({ method }, response) => {
    if (method !== 'POST') return false
    refuse(response, 403, 'DENIED')
    return true
  }
  await t.rejects(send(registry), { code: 'ACCESS_DENIED', detail: { says: 'DENIED: denied' } })
  t.equal(methods(registry), 'HEAD POST')
})

t.test('a source that ends early is no upload', async (t) => {
  const registry = await startRegistry(t)
  const repository = { client: registry.client(), name: 'a' }
  const upload = { digest, size: content.length, pieces: () => [content.subarray(0, 1000)] }
  await t.rejects(uploadBlob(repository, upload), { code: 'INVALID_IMAGE' })
  t.equal(registry.blobs.size, 0)
})
