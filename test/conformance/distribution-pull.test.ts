import t from 'tap'
import {
  blobOf,
  indexOf,
  manifestOf,
  ociIndex,
  ociManifest,
  pushBlob,
  pushImage,
  pushManifest,
  randomBlob,
} from '../integration/registry-content.ts'
import { codesOf } from '../integration/registry-request.ts'
import { type Requirement, checkRequirements } from './registry-under-test.ts'

// OCI distribution specification 1.1, "Pull" and "API".

const absent = `sha256:${'a'.repeat(64)}`

const rows: Requirement[] = [
  {
    title: 'GET /v2/ is 200 where the specification is implemented',
    check: async (t, { send }) => {
      t.equal((await send('GET', '/v2/')).status, 200)
    },
  },
  {
    title: 'GET of a manifest by tag: 200, its bytes, type and digest',
    check: async (t, { url, send, newName }) => {
      const name = newName()
      const manifest = await pushImage(url, name, 'v1')
      const answer = await send('GET', `/v2/${name}/manifests/v1`, {
        headers: { Accept: ociManifest },
      })
      t.equal(answer.status, 200)
      t.same(answer.body, manifest.bytes)
      t.equal(answer.headers['content-type'], ociManifest)
      t.equal(answer.headers['docker-content-digest'], manifest.digest)
    },
  },
  {
    title: 'GET of a manifest by digest: 200, its bytes, type and digest',
    check: async (t, { url, send, newName }) => {
      const name = newName()
      const manifest = await pushImage(url, name, 'v1')
      const answer = await send('GET', `/v2/${name}/manifests/${manifest.digest}`, {
        headers: { Accept: ociManifest },
      })
      t.equal(answer.status, 200)
      t.same(answer.body, manifest.bytes)
      t.equal(answer.headers['docker-content-digest'], manifest.digest)
    },
  },
  {
    title: 'GET of an index: its bytes and its type',
    check: async (t, { url, send, newName }) => {
      const name = newName()
      const index = indexOf([await pushImage(url, name, 'v1')])
      await pushManifest(url, name, index, 'all')
      const answer = await send('GET', `/v2/${name}/manifests/all`, {
        headers: { Accept: `${ociManifest}, ${ociIndex}` },
      })
      t.same(answer.body, index.bytes)
      t.equal(answer.headers['content-type'], ociIndex)
    },
  },
  {
    title: 'HEAD of a manifest: 200, digest and length, no body',
    check: async (t, { url, send, newName }) => {
      const name = newName()
      const manifest = await pushImage(url, name, 'v1')
      for (const reference of ['v1', manifest.digest]) {
        const answer = await send('HEAD', `/v2/${name}/manifests/${reference}`, {
          headers: { Accept: ociManifest },
        })
        t.equal(answer.status, 200)
        t.equal(answer.headers['content-length'], String(manifest.size))
        t.equal(answer.headers['docker-content-digest'], manifest.digest)
        t.equal(answer.body.length, 0)
      }
    },
  },
  {
    title: 'a manifest that is not there is 404 with MANIFEST_UNKNOWN, by tag and by digest',
    check: async (t, { url, send, newName }) => {
      const name = newName()
      await pushImage(url, name, 'v1')
      for (const reference of ['none', absent]) {
        const answer = await send('GET', `/v2/${name}/manifests/${reference}`)
        t.equal(answer.status, 404)
        t.same(codesOf(answer), ['MANIFEST_UNKNOWN'])
        t.equal((await send('HEAD', `/v2/${name}/manifests/${reference}`)).status, 404)
      }
    },
  },
  {
    title: 'pulling from a repository that does not exist is 404',
    check: async (t, { send, newName }) => {
      const name = newName()
      t.equal((await send('GET', `/v2/${name}/manifests/v1`)).status, 404)
      t.equal((await send('GET', `/v2/${name}/blobs/${absent}`)).status, 404)
      t.equal((await send('HEAD', `/v2/${name}/blobs/${absent}`)).status, 404)
    },
  },
  {
    title: 'GET of a blob: 200, its bytes and digest',
    check: async (t, { url, send, newName }) => {
      const [name, blob] = [newName(), randomBlob(70_000)]
      await pushBlob(url, name, blob)
      const answer = await send('GET', `/v2/${name}/blobs/${blob.digest}`)
      t.equal(answer.status, 200)
      t.same(answer.body, blob.bytes)
      t.equal(answer.headers['docker-content-digest'], blob.digest)
      t.equal(answer.headers['content-length'], String(blob.size))
    },
  },
  {
    title: 'HEAD of a blob: 200, digest and length, no body',
    check: async (t, { url, send, newName }) => {
      const [name, blob] = [newName(), randomBlob(5000)]
      await pushBlob(url, name, blob)
      const answer = await send('HEAD', `/v2/${name}/blobs/${blob.digest}`)
      t.equal(answer.status, 200)
      t.equal(answer.headers['content-length'], '5000')
      t.equal(answer.headers['docker-content-digest'], blob.digest)
      t.equal(answer.body.length, 0)
    },
  },
  {
    title: 'a blob that is not there is 404 with BLOB_UNKNOWN',
    check: async (t, { url, send, newName }) => {
      const name = newName()
      await pushImage(url, name, 'v1')
      const answer = await send('GET', `/v2/${name}/blobs/${absent}`)
      t.equal(answer.status, 404)
      t.same(codesOf(answer), ['BLOB_UNKNOWN'])
    },
  },
  {
    title: 'a blob of one repository is 404 in another one',
    check: async (t, { url, send, newName }) => {
      const [one, other, blob] = [newName(), newName(), randomBlob(100)]
      await pushBlob(url, one, blob)
      await pushImage(url, other, 'v1')
      t.equal((await send('GET', `/v2/${other}/blobs/${blob.digest}`)).status, 404)
    },
  },
  {
    title: 'a blob without bytes can be pushed and pulled',
    check: async (t, { url, send, newName }) => {
      const [name, blob] = [newName(), blobOf('')]
      await pushBlob(url, name, blob)
      const answer = await send('GET', `/v2/${name}/blobs/${blob.digest}`)
      t.equal(answer.status, 200)
      t.equal(answer.body.length, 0)
    },
  },
  {
    title: 'a range of a blob is 206 with those bytes (RFC 9110, section 14)',
    check: async (t, { url, send, newName }) => {
      const [name, blob] = [newName(), randomBlob(10_000)]
      await pushBlob(url, name, blob)
      const ranges: [string, number, number][] = [
        ['bytes=0-99', 0, 100],
        ['bytes=500-', 500, 10_000],
        ['bytes=-300', 9700, 10_000],
        ['bytes=9000-20000', 9000, 10_000],
      ]
      for (const [range, from, to] of ranges) {
        const answer = await send('GET', `/v2/${name}/blobs/${blob.digest}`, {
          headers: { Range: range },
        })
        t.equal(answer.status, 206, range)
        t.equal(answer.headers['content-range'], `bytes ${from}-${to - 1}/10000`)
        t.same(answer.body, blob.bytes.subarray(from, to))
      }
    },
  },
  {
    title: 'a range behind the end of a blob is 416 with its size',
    check: async (t, { url, send, newName }) => {
      const [name, blob] = [newName(), randomBlob(10)]
      await pushBlob(url, name, blob)
      const answer = await send('GET', `/v2/${name}/blobs/${blob.digest}`, {
        headers: { Range: 'bytes=10-' },
      })
      t.equal(answer.status, 416)
      t.equal(answer.headers['content-range'], 'bytes */10')
    },
  },
  {
    title: 'an entity tag that still holds is 304 (RFC 9110, section 13)',
    check: async (t, { url, send, newName }) => {
      const name = newName()
      const manifest = await pushImage(url, name, 'v1')
      const path = `/v2/${name}/manifests/v1`
      const tag = (await send('GET', path, { headers: { Accept: ociManifest } })).headers.etag
      const headers = { Accept: ociManifest, 'If-None-Match': String(tag) }
      t.equal((await send('GET', path, { headers })).status, 304)
      const other = manifestOf(blobOf('{}'), [])
      await pushBlob(url, name, blobOf('{}'))
      await pushManifest(url, name, other, 'v1')
      t.same((await send('GET', path, { headers })).body, other.bytes)
      t.not(other.digest, manifest.digest)
    },
  },
  {
    title: 'error bodies are JSON with errors of a code from the list',
    check: async (t, { send, newName }) => {
      const answer = await send('GET', `/v2/${newName()}/manifests/v1`)
      t.match(answer.headers['content-type'], /^application\/json/)
      const { errors } = JSON.parse(answer.body.toString()) as { errors: { code: string }[] }
      t.ok(errors.length > 0)
      for (const { code } of errors) t.match(code, /^[A-Z_]+$/)
    },
  },
]

await checkRequirements(t, rows)
