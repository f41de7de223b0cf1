import { randomBytes, randomInt } from 'node:crypto'
import t, { type Test } from 'tap'
import { readRemoteBlob } from '../../../rootfs/registry-client/read-blob.ts'
import { type TestRegistry, digestOf, sendBlob, startRegistry } from './test-registry.ts'

const content = randomBytes(3_000_000)
const digest = digestOf(content)

async function registryWithBlob(t: Test): Promise<TestRegistry> {
  const registry = await startRegistry(t)
  registry.blobs.set(digest, content)
  return registry
}

async function read(registry: TestRegistry, offset = 0, size = content.length): Promise<Buffer> {
  const pieces: Buffer[] = []
  const repository = { client: registry.client(), name: 'a/b' }
  for await (const piece of readRemoteBlob(repository, { digest, size, offset })) pieces.push(piece)
  return Buffer.concat(pieces)
}

t.test('connections that are cut at random bytes', async (t) => {
  const registry = await registryWithBlob(t)
  let cuts = 0
  registry.intercept = ({ url = '', headers }, response) => {
    if (!url.includes('/blobs/') || cuts >= 12) return false
    cuts += 1
    const from = Number(/\d+/.exec(headers.range ?? '')?.[0] ?? 0)
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': content.length - from,
      'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
    })
    const length = randomInt(1, 250_000)
    response.write(content.subarray(from, from + length), () => response.destroy())
    return true
  }
  t.ok((await read(registry)).equals(content))
  const ranges = registry.seen.filter(({ headers }) => headers.range !== undefined)
  t.ok(ranges.length >= 6, 'it went on in the middle')
})

t.test('a part that is here already is not asked for', async (t) => {
  const registry = await registryWithBlob(t)
  t.ok((await read(registry, 1_000_000)).equals(content.subarray(1_000_000)))
  t.equal(registry.seen.at(-1)?.headers.range, 'bytes=1000000-')
})

t.test('a registry that knows no ranges', async (t) => {
  const registry = await registryWithBlob(t)
  registry.intercept = (request, response) => {
    delete request.headers.range
    if (!request.url?.includes('/blobs/')) return false
    sendBlob(content, request, response)
    return true
  }
  t.ok((await read(registry, 1_234_567)).equals(content.subarray(1_234_567)))
})

t.test('a registry that sends another range than asked for', async (t) => {
  const registry = await registryWithBlob(t)
  registry.intercept = ({ headers }, response) => {
    if (headers.range === undefined) return false
    response.writeHead(206, { 'content-range': `bytes 0-99/${content.length}` })
    response.end(content.subarray(0, 100))
    return true
  }
  t.ok((await read(registry, 2_000_000)).equals(content.subarray(2_000_000)))
})

t.test('a range beyond the end', async (t) => {
  const registry = await registryWithBlob(t)
  registry.intercept = ({ headers }, response) => {
    if (headers.range === undefined) return false
    response.writeHead(416).end()
    return true
  }
  t.ok((await read(registry, 2_000_000)).equals(content.subarray(2_000_000)))
})

t.test('more bytes than declared are refused', async (t) => {
  const registry = await registryWithBlob(t)
  await t.rejects(read(registry, 0, content.length - 1), {
    code: 'INVALID_IMAGE',
    detail: { reason: 'more bytes came' },
  })
})

t.test('fewer bytes than declared are refused, after some attempts', async (t) => {
  const registry = await registryWithBlob(t)
  await t.rejects(read(registry, 0, content.length + 1), { code: 'INVALID_IMAGE' })
})

t.test('a blob that is not there', async (t) => {
  const registry = await startRegistry(t)
  await t.rejects(read(registry), { code: 'NOT_FOUND', detail: { digest } })
})

t.test('an empty blob', async (t) => {
  const registry = await startRegistry(t)
  const empty = digestOf(Buffer.alloc(0))
  registry.blobs.set(empty, Buffer.alloc(0))
  const repository = { client: registry.client(), name: 'a' }
  for await (const piece of readRemoteBlob(repository, { digest: empty, size: 0 }))
    t.fail(`a piece of ${piece.length}`)
})

t.test('a server that says nothing any more', async (t) => {
  const registry = await registryWithBlob(t)
  let stalls = 0
  registry.intercept = ({ url }, response) => {
    if (!url?.includes('/blobs/') || stalls > 0) return false
    stalls += 1
    response.writeHead(200, { 'content-length': content.length })
    response.write(content.subarray(0, 100_000))
    return true
  }
  const before = performance.now()
  t.ok((await read(registry)).equals(content))
  t.ok(performance.now() - before >= 4900, 'after the time that was set')
})
