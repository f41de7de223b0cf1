import t from 'tap'
import { type Content, blobOf, pushBlob, randomBlob } from '../integration/registry-content.ts'
import { type Answer, codesOf, locationPath } from '../integration/registry-request.ts'
import { type Requirement, type Target, checkRequirements } from './registry-under-test.ts'

// OCI distribution specification 1.1, "Pushing blobs".

const octets = { 'Content-Type': 'application/octet-stream' }

function begin({ send }: Target, name: string): Promise<Answer> {
  return send('POST', `/v2/${name}/blobs/uploads/`, { headers: { 'Content-Length': '0' } })
}

function patch(
  { url, send }: Target,
  before: Answer,
  body: Buffer,
  range?: string,
): Promise<Answer> {
  const headers = { ...octets, ...(range !== undefined && { 'Content-Range': range }) }
  return send('PATCH', locationPath(before, url), { headers, body })
}

function finish({ url, send }: Target, before: Answer, digest: string, body = ''): Promise<Answer> {
  return send('PUT', locationPath(before, url, { digest }), { headers: octets, body })
}

async function isThere({ send }: Target, name: string, blob: Content): Promise<boolean> {
  const answer = await send('GET', `/v2/${name}/blobs/${blob.digest}`)
  return answer.status === 200 && answer.body.equals(blob.bytes)
}

const rows: Requirement[] = [
  {
    title: 'POST begins an upload: 202 and a location that is its own',
    check: async (t, target) => {
      const name = target.newName()
      const [one, other] = [await begin(target, name), await begin(target, name)]
      t.equal(one.status, 202)
      t.match(one.headers.location, /[0-9a-f]{8}-[0-9a-f]{4}/)
      t.not(one.headers.location, other.headers.location)
    },
  },
  {
    title: 'POST then PUT: 201 and a location from which the blob can be pulled',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), randomBlob(3000)]
      const started = await begin(target, name)
      const ended = await target.send(
        'PUT',
        locationPath(started, target.url, { digest: blob.digest }),
        { headers: octets, body: blob.bytes },
      )
      t.equal(ended.status, 201)
      const pulled = await target.send('GET', locationPath(ended, target.url))
      t.same(pulled.body, blob.bytes)
    },
  },
  {
    title: 'a single POST with a digest is 201, or 202 where that is not supported',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), randomBlob(3000)]
      const answer = await target.send('POST', `/v2/${name}/blobs/uploads/?digest=${blob.digest}`, {
        headers: octets,
        body: blob.bytes,
      })
      t.ok([201, 202].includes(answer.status))
      if (answer.status === 201) t.ok(await isThere(target, name, blob))
    },
  },
  {
    title: 'a body of another digest is 400 with DIGEST_INVALID, and nothing is stored',
    check: async (t, target) => {
      const [name, blob, other] = [target.newName(), randomBlob(3000), randomBlob(3000)]
      const started = await begin(target, name)
      const ended = await target.send(
        'PUT',
        locationPath(started, target.url, { digest: blob.digest }),
        { headers: octets, body: other.bytes },
      )
      t.equal(ended.status, 400)
      t.same(codesOf(ended), ['DIGEST_INVALID'])
      for (const { digest } of [blob, other])
        t.equal((await target.send('HEAD', `/v2/${name}/blobs/${digest}`)).status, 404)
    },
  },
  {
    title: 'an invalid digest, or one of an unknown algorithm, is 400',
    check: async (t, target) => {
      for (const digest of ['sha256:short', 'md5:d41d8cd98f00b204e9800998ecf8427e', 'nonsense']) {
        const started = await begin(target, target.newName())
        const ended = await finish(target, started, digest)
        t.equal(ended.status, 400, digest)
        t.same(codesOf(ended), ['DIGEST_INVALID'])
      }
    },
  },
  {
    title: 'chunks in order: 202 with location and range each, then 201',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), randomBlob(9000)]
      let answer = await begin(target, name)
      for (const [from, to] of [
        [0, 4000],
        [4000, 8000],
        [8000, 9000],
      ] as const) {
        answer = await patch(target, answer, blob.bytes.subarray(from, to), `${from}-${to - 1}`)
        t.equal(answer.status, 202)
        t.equal(answer.headers.range, `0-${to - 1}`)
        t.ok(answer.headers.location)
      }
      const ended = await finish(target, answer, blob.digest)
      t.equal(ended.status, 201)
      t.ok(await isThere(target, name, blob))
    },
  },
  {
    title: 'the last chunk may come with the closing PUT',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), randomBlob(5000)]
      const first = await patch(
        target,
        await begin(target, name),
        blob.bytes.subarray(0, 3000),
        '0-2999',
      )
      const ended = await target.send(
        'PUT',
        locationPath(first, target.url, { digest: blob.digest }),
        {
          headers: { ...octets, 'Content-Range': '3000-4999' },
          body: blob.bytes.subarray(3000),
        },
      )
      t.equal(ended.status, 201)
      t.ok(await isThere(target, name, blob))
    },
  },
  {
    title: 'a stream in one PATCH without a range is 202',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), randomBlob(200_000)]
      const started = await begin(target, name)
      const patched = await target.send('PATCH', locationPath(started, target.url), {
        headers: octets,
        body: blob.bytes,
        chunked: true,
      })
      t.equal(patched.status, 202)
      t.equal((await finish(target, patched, blob.digest)).status, 201)
      t.ok(await isThere(target, name, blob))
    },
  },
  {
    title: 'the first chunk must begin with 0: 416',
    check: async (t, target) => {
      const started = await begin(target, target.newName())
      const answer = await patch(target, started, Buffer.alloc(10), '5-14')
      t.equal(answer.status, 416)
    },
  },
  {
    title: 'a chunk out of order is 416; a GET then tells where to go on: 204, location, range',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), randomBlob(6000)]
      const first = await patch(
        target,
        await begin(target, name),
        blob.bytes.subarray(0, 2000),
        '0-1999',
      )
      const wrong = await patch(target, first, blob.bytes.subarray(4000), '4000-5999')
      t.equal(wrong.status, 416)
      const status = await target.send('GET', locationPath(first, target.url))
      t.equal(status.status, 204)
      t.equal(status.headers.range, '0-1999')
      const second = await patch(target, status, blob.bytes.subarray(2000), '2000-5999')
      t.equal(second.status, 202)
      t.equal((await finish(target, second, blob.digest)).status, 201)
      t.ok(await isThere(target, name, blob))
    },
  },
  {
    title: 'a chunk that comes twice is 416',
    check: async (t, target) => {
      const started = await begin(target, target.newName())
      const first = await patch(target, started, Buffer.alloc(10), '0-9')
      t.equal((await patch(target, first, Buffer.alloc(10), '0-9')).status, 416)
    },
  },
  {
    title: 'a last chunk out of order in the closing PUT is 416',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), randomBlob(3000)]
      const first = await patch(
        target,
        await begin(target, name),
        blob.bytes.subarray(0, 1000),
        '0-999',
      )
      const ended = await target.send(
        'PUT',
        locationPath(first, target.url, { digest: blob.digest }),
        {
          headers: { ...octets, 'Content-Range': '2000-2999' },
          body: blob.bytes.subarray(2000),
        },
      )
      t.equal(ended.status, 416)
    },
  },
  {
    title: 'a cancelled upload is gone: 204, then 404 with BLOB_UPLOAD_UNKNOWN',
    check: async (t, target) => {
      const started = await begin(target, target.newName())
      const path = locationPath(started, target.url)
      t.equal((await target.send('DELETE', path)).status, 204)
      const status = await target.send('GET', path)
      t.equal(status.status, 404)
      t.same(codesOf(status), ['BLOB_UPLOAD_UNKNOWN'])
      t.equal((await patch(target, started, Buffer.alloc(10))).status, 404)
    },
  },
  {
    title: 'a blob of another repository is mounted: 201 and a location to pull it from',
    check: async (t, target) => {
      const [from, name, blob] = [target.newName(), target.newName(), randomBlob(2000)]
      await pushBlob(target.url, from, blob)
      const answer = await target.send(
        'POST',
        `/v2/${name}/blobs/uploads/?mount=${blob.digest}&from=${from}`,
      )
      t.equal(answer.status, 201)
      t.same((await target.send('GET', locationPath(answer, target.url))).body, blob.bytes)
      t.ok(await isThere(target, name, blob))
    },
  },
  {
    title: 'what cannot be mounted becomes an upload: 202 and its location',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), randomBlob(2000)]
      const answer = await target.send(
        'POST',
        `/v2/${name}/blobs/uploads/?mount=${blob.digest}&from=${target.newName()}`,
      )
      t.equal(answer.status, 202)
      const ended = await target.send(
        'PUT',
        locationPath(answer, target.url, { digest: blob.digest }),
        { headers: octets, body: blob.bytes },
      )
      t.equal(ended.status, 201)
    },
  },
  {
    title: 'a blob may be pushed again, in the same and in another repository',
    check: async (t, target) => {
      const [one, other, blob] = [target.newName(), target.newName(), randomBlob(2000)]
      for (const name of [one, one, other]) await pushBlob(target.url, name, blob)
      t.ok(await isThere(target, one, blob))
      t.ok(await isThere(target, other, blob))
    },
  },
  {
    title: 'blobs have sha512 digests too',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), blobOf('sha512 content', 'sha512')]
      await pushBlob(target.url, name, blob)
      const answer = await target.send('GET', `/v2/${name}/blobs/${blob.digest}`)
      t.same(answer.body, blob.bytes)
      t.equal(answer.headers['docker-content-digest'], blob.digest)
    },
  },
  {
    title: 'a name outside of the grammar begins no upload',
    check: async (t, { send }) => {
      for (const name of ['Upper/case', 'a//b', '-a', 'a/_b', 'a..b', 'a/b-'])
        t.ok([400, 404].includes((await send('POST', `/v2/${name}/blobs/uploads/`)).status), name)
    },
  },
]

await checkRequirements(t, rows)
