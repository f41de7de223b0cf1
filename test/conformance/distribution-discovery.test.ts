import t from 'tap'
import {
  type Manifest,
  blobOf,
  indexOf,
  manifestOf,
  ociIndex,
  pushBlob,
  pushImage,
  pushManifest,
} from '../integration/registry-content.ts'
import type { Answer } from '../integration/registry-request.ts'
import { type Requirement, type Target, checkRequirements } from './registry-under-test.ts'

// OCI distribution specification 1.1, "Content Discovery".

const empty = blobOf('{}')
const absent = `sha256:${'c'.repeat(64)}`

function json(answer: Answer): Record<string, unknown> {
  return JSON.parse(answer.body.toString()) as Record<string, unknown>
}

/** A repository with these tags on one image. */
async function tagged({ url, newName }: Target, tags: readonly string[]): Promise<string> {
  const name = newName()
  const manifest = await pushImage(url, name, tags[0] ?? 'v1')
  for (const tag of tags) await pushManifest(url, name, manifest, tag)
  return name
}

/** Path of the next page as the `Link` header has it. */
function nextPath({ headers }: Answer, url: string): string | undefined {
  const match = /<([^>]+)>; *rel="?next"?/.exec(String(headers.link ?? ''))
  if (!match?.[1]) return undefined
  const next = new URL(match[1], url)
  return `${next.pathname}${next.search}`
}

interface ReferrerSet {
  readonly name: string
  readonly subject: Manifest
  readonly signature: Manifest
  readonly plain: Manifest
  readonly index: Manifest
}

/** An image and three documents about it. */
async function pushReferrers({ url, newName }: Target): Promise<ReferrerSet> {
  const name = newName()
  const subject = await pushImage(url, name, 'v1')
  await pushBlob(url, name, empty)
  const about = {
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
  }
  const signature = manifestOf(empty, [], {
    ...about,
    artifactType: 'application/vnd.example.signature',
    annotations: { 'org.example.signer': 'alice' },
  })
  const plain = manifestOf(empty, [], about)
  const index = indexOf([subject], { ...about, annotations: { 'org.example.kind': 'list' } })
  for (const manifest of [signature, plain, index]) await pushManifest(url, name, manifest)
  return { name, subject, signature, plain, index }
}

const rows: Requirement[] = [
  {
    title: 'the list of tags is 200 with the name and the tags in order',
    check: async (t, target) => {
      const name = await tagged(target, ['v2', 'v10', 'Latest', 'a', '_x'])
      const answer = await target.send('GET', `/v2/${name}/tags/list`)
      t.equal(answer.status, 200)
      t.same(json(answer), { name, tags: ['Latest', '_x', 'a', 'v10', 'v2'] })
    },
  },
  {
    title: 'the list of tags of no repository is 404',
    check: async (t, target) => {
      t.equal((await target.send('GET', `/v2/${target.newName()}/tags/list`)).status, 404)
    },
  },
  {
    title: 'n limits the list, and last begins after a tag',
    check: async (t, target) => {
      const name = await tagged(target, ['a', 'b', 'c', 'd', 'e'])
      const path = `/v2/${name}/tags/list`
      const tags = async (query: string): Promise<unknown> =>
        json(await target.send('GET', `${path}?${query}`))['tags']
      t.same(await tags('n=2'), ['a', 'b'])
      t.same(await tags('n=2&last=b'), ['c', 'd'])
      t.same(await tags('n=9&last=b'), ['c', 'd', 'e'])
      t.same(await tags('last=c'), ['d', 'e'])
      t.same(await tags('last=bb'), ['c', 'd', 'e'])
    },
  },
  {
    title: 'n=0 is an empty list without a Link',
    check: async (t, target) => {
      const name = await tagged(target, ['a', 'b'])
      const answer = await target.send('GET', `/v2/${name}/tags/list?n=0`)
      t.equal(answer.status, 200)
      t.same(json(answer)['tags'], [])
      t.equal(answer.headers.link, undefined)
    },
  },
  {
    title: 'Link leads through all tags (RFC 5988)',
    check: async (t, target) => {
      const all = Array.from({ length: 7 }, (_, at) => `t${at}`)
      const name = await tagged(target, all)
      const seen: unknown[] = []
      let path: string | undefined = `/v2/${name}/tags/list?n=3`
      for (let page = 0; path !== undefined && page < 10; page += 1) {
        const answer: Answer = await target.send('GET', path)
        seen.push(...(json(answer)['tags'] as unknown[]))
        path = nextPath(answer, target.url)
      }
      t.same(seen, all)
    },
  },
  {
    title: 'the catalog lists repositories in pages',
    check: async (t, target) => {
      const names = [await tagged(target, ['a']), await tagged(target, ['a'])]
      const seen: unknown[] = []
      let path: string | undefined = '/v2/_catalog?n=1'
      for (let page = 0; path !== undefined && page < 1000; page += 1) {
        const answer: Answer = await target.send('GET', path)
        seen.push(...(json(answer)['repositories'] as unknown[]))
        path = nextPath(answer, target.url)
      }
      for (const name of names) t.ok(seen.includes(name))
      t.same(
        seen,
        seen.map(String).toSorted((one, other) => (one < other ? -1 : 1)),
      )
    },
  },
  {
    title: 'referrers are an index with type, size, artifact type and annotations of each',
    check: async (t, target) => {
      const { name, subject, signature, plain, index } = await pushReferrers(target)
      const answer = await target.send('GET', `/v2/${name}/referrers/${subject.digest}`)
      t.equal(answer.status, 200)
      t.equal(answer.headers['content-type'], ociIndex)
      const { schemaVersion, mediaType, manifests } = json(answer)
      t.same([schemaVersion, mediaType], [2, ociIndex])
      const found = new Map(
        (manifests as { digest: string }[]).map((entry) => [entry.digest, entry]),
      )
      t.equal(found.size, 3)
      t.same(found.get(signature.digest), {
        mediaType: signature.mediaType,
        digest: signature.digest,
        size: signature.size,
        artifactType: 'application/vnd.example.signature',
        annotations: { 'org.example.signer': 'alice' },
      })
      t.match(found.get(plain.digest), {
        artifactType: 'application/vnd.oci.image.config.v1+json',
      })
      t.same(found.get(index.digest), {
        mediaType: ociIndex,
        digest: index.digest,
        size: index.size,
        annotations: { 'org.example.kind': 'list' },
      })
    },
  },
  {
    title: 'a filter for an artifact type is applied, and OCI-Filters-Applied says so',
    check: async (t, target) => {
      const { name, subject, signature } = await pushReferrers(target)
      const type = encodeURIComponent('application/vnd.example.signature')
      const answer = await target.send(
        'GET',
        `/v2/${name}/referrers/${subject.digest}?artifactType=${type}`,
      )
      t.equal(answer.headers['oci-filters-applied'], 'artifactType')
      const manifests = json(answer)['manifests'] as { digest: string }[]
      t.same(
        manifests.map(({ digest }) => digest),
        [signature.digest],
      )
    },
  },
  {
    title: 'referrers that do not fit into one index come in several, and Link leads through them',
    check: async (t, target) => {
      const name = target.newName()
      const subject = await pushImage(target.url, name, 'v1')
      await pushBlob(target.url, name, empty)
      const about = { mediaType: subject.mediaType, digest: subject.digest, size: subject.size }
      const all = Array.from({ length: 5 }, (_, at) =>
        manifestOf(empty, [], {
          subject: about,
          annotations: { number: String(at), fill: 'x'.repeat(1_200_000) },
        }),
      )
      for (const manifest of all) await pushManifest(target.url, name, manifest)
      const seen: string[] = []
      let pages = 0
      let path: string | undefined = `/v2/${name}/referrers/${subject.digest}`
      for (; path !== undefined && pages < 10; pages += 1) {
        const answer: Answer = await target.send('GET', path)
        t.ok(answer.body.length < 4_194_304)
        const { manifests } = json(answer) as { manifests: { digest: string }[] }
        seen.push(...manifests.map(({ digest }) => digest))
        path = nextPath(answer, target.url)
      }
      t.ok(pages > 1)
      t.same(new Set(seen), new Set(all.map(({ digest }) => digest)))
      t.equal(seen.length, all.length)
    },
  },
  {
    title: 'what nothing refers to has an empty index, not 404; also what is not there',
    check: async (t, target) => {
      const name = target.newName()
      const { digest } = await pushImage(target.url, name, 'v1')
      for (const each of [digest, absent]) {
        const answer = await target.send('GET', `/v2/${name}/referrers/${each}`)
        t.equal(answer.status, 200)
        t.same(json(answer)['manifests'], [])
      }
    },
  },
  {
    title: 'referrers of something that is no digest are 400',
    check: async (t, target) => {
      const name = target.newName()
      await pushImage(target.url, name, 'v1')
      t.equal((await target.send('GET', `/v2/${name}/referrers/sha256:nonsense`)).status, 400)
    },
  },
  {
    title: 'a pushed referrer is answered with OCI-Subject; a deleted one is listed no more',
    check: async (t, target) => {
      const { name, subject, signature } = await pushReferrers(target)
      const again = await pushManifest(target.url, name, signature)
      t.equal(again.headers.get('oci-subject'), subject.digest)
      await target.send('DELETE', `/v2/${name}/manifests/${signature.digest}`)
      const answer = await target.send('GET', `/v2/${name}/referrers/${subject.digest}`)
      t.equal((json(answer)['manifests'] as unknown[]).length, 2)
    },
  },
]

await checkRequirements(t, rows)
