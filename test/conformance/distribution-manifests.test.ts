import t from 'tap'
import {
  type Manifest,
  blobOf,
  digestOf,
  dockerList,
  dockerManifest,
  indexOf,
  manifestOf,
  ociIndex,
  ociManifest,
  pushBlob,
  pushImage,
  pushManifest,
  putManifest,
  randomBlob,
} from '../integration/registry-content.ts'
import { codesOf, locationPath } from '../integration/registry-request.ts'
import { type Requirement, type Target, checkRequirements } from './registry-under-test.ts'

// OCI distribution specification 1.1, "Pushing Manifests" and "Content Management".

const absent = `sha256:${'b'.repeat(64)}`

function put(
  { send }: Target,
  name: string,
  reference: string,
  manifest: Manifest,
): ReturnType<Target['send']> {
  const headers = { 'Content-Type': manifest.mediaType }
  return send('PUT', `/v2/${name}/manifests/${reference}`, { headers, body: manifest.bytes })
}

async function statusOf({ send }: Target, path: string): Promise<number> {
  const accept = [ociManifest, ociIndex, dockerManifest, dockerList].join(', ')
  return (await send('GET', path, { headers: { Accept: accept } })).status
}

const rows: Requirement[] = [
  {
    title: 'a pushed manifest is 201 with location and digest, by tag and by digest',
    check: async (t, target) => {
      const name = target.newName()
      const [config, layer] = [randomBlob(50), randomBlob(50)]
      for (const blob of [config, layer]) await pushBlob(target.url, name, blob)
      const manifest = manifestOf(config, [layer])
      for (const reference of ['v1', manifest.digest]) {
        const answer = await put(target, name, reference, manifest)
        t.equal(answer.status, 201)
        t.equal(answer.headers['docker-content-digest'], manifest.digest)
        const pulled = await target.send('GET', locationPath(answer, target.url), {
          headers: { Accept: ociManifest },
        })
        t.same(pulled.body, manifest.bytes)
      }
    },
  },
  {
    title: 'the bytes of a manifest are kept as they came, with blanks and unknown fields',
    check: async (t, target) => {
      const [name, config] = [target.newName(), randomBlob(50)]
      await pushBlob(target.url, name, config)
      const compact = manifestOf(config, [], { 'org.example.unknown': { a: [1, 2.5e3] } })
      const text = JSON.stringify(JSON.parse(compact.bytes.toString()), null, '   ')
      const manifest = { ...blobOf(`${text}\n\n`), mediaType: ociManifest }
      await pushManifest(target.url, name, manifest, 'v1')
      const pulled = await target.send('GET', `/v2/${name}/manifests/v1`, {
        headers: { Accept: ociManifest },
      })
      t.same(pulled.body, manifest.bytes)
    },
  },
  {
    title: 'parameters of the Content-Type are ignored',
    check: async (t, target) => {
      const [name, config] = [target.newName(), randomBlob(50)]
      await pushBlob(target.url, name, config)
      const manifest = manifestOf(config, [])
      const answer = await target.send('PUT', `/v2/${name}/manifests/v1`, {
        headers: { 'Content-Type': `${ociManifest}; charset=utf-8` },
        body: manifest.bytes,
      })
      t.equal(answer.status, 201)
      const pulled = await target.send('GET', `/v2/${name}/manifests/v1`, {
        headers: { Accept: ociManifest },
      })
      t.equal(pulled.headers['content-type'], ociManifest)
    },
  },
  {
    title: 'manifests and lists of docker, schema 2, are kept with their types',
    check: async (t, target) => {
      const [name, config] = [target.newName(), randomBlob(50)]
      await pushBlob(target.url, name, config)
      const manifest = manifestOf(config, [], { mediaType: dockerManifest })
      const list = indexOf([manifest], { mediaType: dockerList })
      await pushManifest(target.url, name, manifest)
      await pushManifest(target.url, name, list, 'list')
      for (const [reference, document] of [
        [manifest.digest, manifest],
        ['list', list],
      ] as const) {
        const pulled = await target.send('GET', `/v2/${name}/manifests/${reference}`, {
          headers: { Accept: document.mediaType },
        })
        t.equal(pulled.headers['content-type'], document.mediaType)
        t.same(pulled.body, document.bytes)
      }
    },
  },
  {
    title: 'a manifest whose blobs are not there is refused with MANIFEST_BLOB_UNKNOWN',
    check: async (t, target) => {
      const [name, config] = [target.newName(), randomBlob(50)]
      await pushBlob(target.url, name, config)
      const answer = await put(target, name, 'v1', manifestOf(config, [randomBlob(60)]))
      t.equal(Math.floor(answer.status / 100), 4)
      t.ok(codesOf(answer).includes('MANIFEST_BLOB_UNKNOWN'))
      t.equal(await statusOf(target, `/v2/${name}/manifests/v1`), 404)
    },
  },
  {
    title: 'an index whose manifests are not there is refused with MANIFEST_BLOB_UNKNOWN',
    check: async (t, target) => {
      const name = target.newName()
      await pushImage(target.url, name, 'v1')
      const answer = await put(target, name, 'all', indexOf([manifestOf(randomBlob(5), [])]))
      t.equal(Math.floor(answer.status / 100), 4)
      t.ok(codesOf(answer).includes('MANIFEST_BLOB_UNKNOWN'))
    },
  },
  {
    title: 'a manifest pushed under another digest is 400',
    check: async (t, target) => {
      const [name, config] = [target.newName(), randomBlob(50)]
      await pushBlob(target.url, name, config)
      const answer = await put(target, name, absent, manifestOf(config, []))
      t.equal(answer.status, 400)
      t.same(codesOf(answer), ['DIGEST_INVALID'])
    },
  },
  {
    title: 'a manifest may be pushed and pulled by its sha512 digest',
    check: async (t, target) => {
      const [name, config] = [target.newName(), randomBlob(50)]
      await pushBlob(target.url, name, config)
      const manifest = manifestOf(config, [])
      const digest = digestOf(manifest.bytes, 'sha512')
      t.equal((await put(target, name, digest, manifest)).status, 201)
      const pulled = await target.send('GET', `/v2/${name}/manifests/${digest}`, {
        headers: { Accept: ociManifest },
      })
      t.same(pulled.body, manifest.bytes)
      t.equal(pulled.headers['docker-content-digest'], digest)
    },
  },
  {
    title: 'manifests of 4 MB are accepted; larger ones may be refused, with 413',
    check: async (t, target) => {
      const [name, config] = [target.newName(), randomBlob(50)]
      await pushBlob(target.url, name, config)
      const fill = (size: number): Manifest =>
        manifestOf(config, [], { annotations: { fill: 'x'.repeat(size) } })
      t.equal((await put(target, name, 'large', fill(4_000_000))).status, 201)
      const refused = await put(target, name, 'larger', fill(4_400_000))
      t.equal(refused.status, 413)
      t.equal(await statusOf(target, `/v2/${name}/manifests/larger`), 404)
    },
  },
  {
    title: 'a manifest whose subject is not there is accepted',
    check: async (t, target) => {
      const [name, config] = [target.newName(), randomBlob(50)]
      await pushBlob(target.url, name, config)
      const subject = { mediaType: ociManifest, digest: absent, size: 100 }
      const answer = await put(target, name, 'v1', manifestOf(config, [], { subject }))
      t.equal(answer.status, 201)
      t.equal(answer.headers['oci-subject'], absent)
    },
  },
  {
    title: 'tags that come with a digest are set and named in OCI-Tag',
    check: async (t, target) => {
      const [name, config] = [target.newName(), randomBlob(50)]
      await pushBlob(target.url, name, config)
      const manifest = manifestOf(config, [])
      const tags = Array.from({ length: 10 }, (_, at) => `t${at}`)
      const query = tags.map((tag) => `tag=${tag}`).join('&')
      const answer = await put(target, name, `${manifest.digest}?${query}`, manifest)
      t.equal(answer.status, 201)
      t.same(String(answer.headers['oci-tag']).split(/, */), tags)
      for (const tag of tags) t.equal(await statusOf(target, `/v2/${name}/manifests/${tag}`), 200)
    },
  },
  {
    title: 'a tag moves to what is pushed last; the manifest before stays',
    check: async (t, target) => {
      const name = target.newName()
      const first = await pushImage(target.url, name, 'v1')
      const second = await pushImage(target.url, name, 'v1')
      const head = await target.send('HEAD', `/v2/${name}/manifests/v1`, {
        headers: { Accept: ociManifest },
      })
      t.equal(head.headers['docker-content-digest'], second.digest)
      t.equal(await statusOf(target, `/v2/${name}/manifests/${first.digest}`), 200)
    },
  },
  {
    title: 'a deleted tag is gone: 202, then 404; its manifest stays',
    check: async (t, target) => {
      const name = target.newName()
      const manifest = await pushImage(target.url, name, 'v1')
      const answer = await target.send('DELETE', `/v2/${name}/manifests/v1`)
      t.equal(answer.status, 202)
      t.equal(await statusOf(target, `/v2/${name}/manifests/v1`), 404)
      t.equal(await statusOf(target, `/v2/${name}/manifests/${manifest.digest}`), 200)
    },
  },
  {
    title: 'a deleted manifest is gone with its tags: 202, then 404',
    check: async (t, target) => {
      const name = target.newName()
      const manifest = await pushImage(target.url, name, 'v1')
      await pushManifest(target.url, name, manifest, 'v2')
      t.equal((await target.send('DELETE', `/v2/${name}/manifests/${manifest.digest}`)).status, 202)
      for (const reference of ['v1', 'v2', manifest.digest])
        t.equal(await statusOf(target, `/v2/${name}/manifests/${reference}`), 404)
    },
  },
  {
    title: 'deleting in a repository that does not exist is 404',
    check: async (t, target) => {
      const name = target.newName()
      t.equal((await target.send('DELETE', `/v2/${name}/manifests/${absent}`)).status, 404)
      t.equal((await target.send('DELETE', `/v2/${name}/blobs/${absent}`)).status, 404)
    },
  },
  {
    title: 'a deleted blob is gone: 202, then 404',
    check: async (t, target) => {
      const [name, blob] = [target.newName(), randomBlob(100)]
      await pushImage(target.url, name, 'v1')
      await pushBlob(target.url, name, blob)
      t.equal((await target.send('DELETE', `/v2/${name}/blobs/${blob.digest}`)).status, 202)
      t.equal(await statusOf(target, `/v2/${name}/blobs/${blob.digest}`), 404)
      t.equal((await target.send('DELETE', `/v2/${name}/blobs/${blob.digest}`)).status, 404)
    },
  },
  {
    title: 'documents that are no manifests are refused with MANIFEST_INVALID',
    check: async (t, target) => {
      const name = target.newName()
      await pushImage(target.url, name, 'v1')
      for (const text of ['', 'nonsense', '{"schemaVersion":2', '[]']) {
        const answer = await putManifest(
          target.url,
          name,
          { ...blobOf(text), mediaType: ociManifest },
          'v2',
        )
        t.equal(answer.status, 400, text)
        await answer.body?.cancel()
      }
    },
  },
]

await checkRequirements(t, rows)
