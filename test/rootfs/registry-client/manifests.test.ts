import t from 'tap'
import { getManifest, headManifest } from '../../../rootfs/registry-client/manifests.ts'
import { listTags, nextPage } from '../../../rootfs/registry-client/tags.ts'
import { digestOf, startRegistry } from './test-registry.ts'

const ociType = 'application/vnd.oci.image.manifest.v1+json'
const digest = `sha256:${'a'.repeat(64)}`
const plain = {
  schemaVersion: 2,
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 },
  layers: [],
}

const answers: {
  title: string
  document: object | string
  type: string
  want: string | { code: string }
}[] = [
  {
    title: 'both say the same',
    document: { ...plain, mediaType: ociType },
    type: ociType,
    want: ociType,
  },
  {
    title: 'a charset after the type',
    document: plain,
    type: `${ociType}; charset=utf-8`,
    want: ociType,
  },
  { title: 'only the answer says it', document: plain, type: ociType, want: ociType },
  { title: 'nobody says it', document: plain, type: 'application/json', want: ociType },
  {
    title: 'nobody says it of an index',
    document: { schemaVersion: 2, manifests: [] },
    type: 'text/plain',
    want: 'application/vnd.oci.image.index.v1+json',
  },
  {
    title: 'they say different things',
    document: { ...plain, mediaType: ociType },
    type: 'application/vnd.oci.image.index.v1+json',
    want: { code: 'INVALID_IMAGE' },
  },
  {
    title: 'schema 1',
    document: { schemaVersion: 1, name: 'a', tag: '1', fsLayers: [] },
    type: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
    want: { code: 'UNSUPPORTED' },
  },
  { title: 'no JSON', document: 'hello', type: ociType, want: { code: 'INVALID_IMAGE' } },
  {
    title: 'longer than 4 MiB',
    document: ' '.repeat(4 * 1024 * 1024 + 1),
    type: ociType,
    want: { code: 'PROTOCOL' },
  },
]

for (const { title, document, type, want } of answers)
  t.test(`what a manifest is: ${title}`, async (t) => {
    const registry = await startRegistry(t)
    const content = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document))
    registry.manifests.set('1', { content, type })
    const got = getManifest({ client: registry.client(), name: 'a' }, '1')
    if (typeof want === 'object') return t.rejects(got, want)
    t.match(await got, { mediaType: want, digest: digestOf(content) })
  })

t.test('another content than the digest asked for', async (t) => {
  const registry = await startRegistry(t)
  registry.manifests.set(digest, { content: Buffer.from(JSON.stringify(plain)), type: ociType })
  const repository = { client: registry.client(), name: 'a' }
  await t.rejects(getManifest(repository, digest), {
    code: 'INVALID_IMAGE',
    detail: { expected: digest },
  })
})

t.test('another content than the registry promises', async (t) => {
  const registry = await startRegistry(t)
  registry.intercept = ({ url }, response) => {
    if (!url?.includes('/manifests/')) return false
    response.writeHead(200, { 'docker-content-digest': digest, 'content-type': ociType })
    response.end(JSON.stringify(plain))
    return true
  }
  const repository = { client: registry.client(), name: 'a' }
  await t.rejects(getManifest(repository, '1'), { code: 'INVALID_IMAGE' })
})

t.test('a missing tag names the nearest ones, from all pages', async (t) => {
  const registry = await startRegistry(t)
  registry.intercept = ({ url = '' }, response) => {
    if (!url.includes('/tags/list')) return false
    const isSecond = url.includes('last=')
    if (!isSecond) response.setHeader('link', '</v2/a/tags/list?last=x>; rel="next"')
    response.end(JSON.stringify({ name: 'a', tags: isSecond ? ['v1.2.3'] : ['latest', 'v2'] }))
    return true
  }
  const repository = { client: registry.client(), name: 'a' }
  await t.rejects(getManifest(repository, 'v1.2.4'), {
    code: 'NOT_FOUND',
    hint: /nearest are: v1\.2\.3/,
  })
  t.strictSame(await listTags(repository, 100), ['latest', 'v2', 'v1.2.3'])
  t.equal(await headManifest(repository, 'v1.2.4'), undefined)
})

const links: { link: string | undefined; want: string | undefined }[] = [
  { link: '</v2/a/tags/list?last=b>; rel="next"', want: 'http://r.test/v2/a/tags/list?last=b' },
  { link: '<x>; rel=prev, <y?z=1>; rel=next', want: 'http://r.test/v2/a/tags/y?z=1' },
  { link: '<http://elsewhere.test/>; rel="next"', want: undefined },
  { link: '</x>; rel="prev"', want: undefined },
  { link: undefined, want: undefined },
]
for (const { link, want } of links)
  t.test(`next page of ${link}`, async (t) =>
    t.equal(nextPage(link, new URL('http://r.test/v2/a/tags/list'))?.href, want),
  )
