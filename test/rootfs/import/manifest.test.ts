import t from 'tap'
import { matchingManifests, parseManifest, readPlatform } from '../../../rootfs/import/manifest.ts'

const digest = `sha256:${'0'.repeat(64)}`
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 }
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 3 }
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const manifest = { schemaVersion: 2, config, layers: [layer] }
const index = { schemaVersion: 2, manifests: [{ mediaType: manifestType, digest, size: 9 }] }

t.test('reads a manifest and an index', async (t) => {
  t.match(parseManifest(JSON.stringify(manifest), manifestType), { kind: 'manifest' })
  t.match(parseManifest(JSON.stringify(index), undefined), { kind: 'index' })
})

const refused: { name: string; document: unknown; mediaType?: string }[] = [
  { name: 'manifest and index at once', document: { ...manifest, ...index } },
  { name: 'an index with a config', document: { ...index, config } },
  {
    name: 'another media type than its descriptor says',
    document: { ...manifest, mediaType: indexType },
    mediaType: manifestType,
  },
  { name: 'an index sent as a manifest', document: index, mediaType: manifestType },
  { name: 'a manifest sent as an index', document: manifest, mediaType: indexType },
  { name: 'an unknown media type', document: manifest, mediaType: 'text/plain' },
  { name: 'a media type called __proto__', document: manifest, mediaType: '__proto__' },
  { name: 'schema 1', document: { ...manifest, schemaVersion: 1 } },
  {
    name: 'a digest that is a path',
    document: { ...manifest, config: { ...config, digest: 'sha256:../../../../etc/passwd' } },
  },
  {
    name: 'a digest in capitals',
    document: { ...manifest, config: { ...config, digest: `sha256:${'A'.repeat(64)}` } },
  },
  {
    name: 'an artifact',
    document: {
      ...manifest,
      config: { ...config, mediaType: 'application/vnd.oci.empty.v1+json' },
    },
  },
  {
    name: 'a layer that is no tar',
    document: { ...manifest, layers: [{ ...layer, mediaType: 'text/html' }] },
  },
  {
    name: 'embedded data of another length',
    document: { ...manifest, config: { ...config, data: 'AAAA' } },
  },
  { name: 'a negative size', document: { ...manifest, config: { ...config, size: -1 } } },
  {
    name: '501 layers',
    document: { ...manifest, layers: Array.from({ length: 501 }, () => layer) },
  },
  { name: 'a list', document: [] },
]

for (const { name, document, mediaType } of refused)
  t.test(`refuses ${name}`, async (t) => {
    t.throws(() => parseManifest(JSON.stringify(document), mediaType), { code: 'INVALID_IMAGE' })
  })

t.test('chooses by platform', async (t) => {
  const base = { mediaType: manifestType, digest, size: 1, annotations: {} }
  const arm = { ...base, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } }
  const amd = { ...base, platform: { os: 'linux', architecture: 'amd64', variant: undefined } }
  t.strictSame(matchingManifests([arm, amd], readPlatform('linux/amd64')), [amd])
  t.strictSame(matchingManifests([arm, amd], readPlatform('linux/arm/v7')), [arm])
  t.throws(() => matchingManifests([arm], readPlatform('amd64')), { code: 'INVALID_IMAGE' })
  t.throws(() => readPlatform(''), { code: 'INVALID_ARGUMENT' })
})
