import { join } from 'node:path'
import t from 'tap'
import { ociManifest, pushImage, randomBlob } from './registry-content.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { type Answer, codesOf, send } from './registry-request.ts'

t.setTimeout(180_000)

// Requests that no client would send, put together at random from parts that mean something.

const requests = 4000

/** Numbers that are the same in every run with the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const layer = randomBlob(1000)
const absent = `sha256:${'f'.repeat(64)}`
const unknownUpload = '9b2d7e8c-0000-4000-8000-000000000000'
const ociIndex = 'application/vnd.oci.image.index.v1+json'
const schema1 = 'application/vnd.docker.distribution.manifest.v1+json'
const digests = [layer.digest, 'sha256:', 'sha512:0', absent, '..']
const long = 'x'.repeat(5000)

const parts: Readonly<Record<string, readonly string[]>> = {
  method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE'],
  name: ['app', 'app', 'app', 'none', 'a/b', '', '..', 'APP', '%00', long, 'blobs/uploads'],
  place: ['manifests', 'blobs', 'blobs/uploads', 'tags', 'referrers', '_catalog', '', '%2e'],
  last: [...digests, 'v1', 'list', '', '%', '%ff', long, unknownUpload],
  query: [
    '',
    '?n=1',
    '?n=-1',
    '?n=1e9&last=%00',
    '?last=zzz',
    `?digest=${layer.digest}`,
    '?digest=sha256:x',
    `?mount=${layer.digest}&from=app`,
    '?mount=&from=',
    '?artifactType=%0a',
    '?tag=a&tag=..',
    '?digest-algorithm=md5',
    '?%',
    `?${'a=b&'.repeat(500)}`,
  ],
  range: ['', '0-1', '1-0', '-', '0-99999999999999999999', 'bytes=0-', 'bytes=-5', 'bytes=9-1'],
  type: ['', ociManifest, ociIndex, 'text/plain', schema1, ';;;'],
  body: ['', '{}', '[', 'null', '\0\0', '{"schemaVersion":2}', 'x'.repeat(70_000)],
  auth: ['', '', 'Basic', 'Basic !!!', 'Bearer x.y.z', 'Basic Og==', 'Negotiate x'],
}

t.test('requests at random are answered, never with a defect of the server', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  t.comment(`seed ${seed}`)
  const random = randomFrom(seed)
  const registry = await startRegistry(t, join(testFolder(t), 'state'), ['--access-log', 'off'])
  const manifest = await pushImage(registry.url, 'app', 'v1', [layer])
  const pick = (part: string): string => {
    const choices = [...(parts[part] ?? [''])]
    if (part === 'last') choices.push(manifest.digest)
    if (part === 'body') choices.push(manifest.bytes.toString())
    return choices[Math.floor(random() * choices.length)] ?? ''
  }
  const statuses = new Map<number, number>()
  for (let at = 0; at < requests; at += 1) {
    const method = pick('method')
    const path = `/v2/${pick('name')}/${pick('place')}/${pick('last')}${pick('query')}`
    const headers = Object.fromEntries(
      [
        ['Content-Range', pick('range')],
        ['Range', pick('range')],
        ['Content-Type', pick('type')],
        ['Accept', pick('type')],
        ['Authorization', pick('auth')],
      ].filter(([, value]) => value !== ''),
    ) as Record<string, string>
    const answer = await send(registry.url, method, path, { headers, body: pick('body') })
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    if (!isSound(method, answer)) t.fail(`${method} ${path}`, { status: answer.status, headers })
  }
  t.comment([...statuses].map(([status, count]) => `${status}: ${count}`).join(', '))
  t.notMatch(registry.errors(), /myimage: serve/)
  t.equal((await send(registry.url, 'GET', '/v2/')).status, 200)
})

/** No 5xx, and what is refused says so in the form of the specification. */
function isSound(method: string, answer: Answer): boolean {
  if (answer.status >= 500) return false
  if (answer.status < 400 || method === 'HEAD' || answer.body.length === 0) return true
  return codesOf(answer).every((code) => /^[A-Z_]+$/.test(code))
}
