import t from 'tap'
import { readManifest } from '../../../rootfs/registry-server/manifest-document.ts'

const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
const ociIndex = 'application/vnd.oci.image.index.v1+json'
const ociArtifact = 'application/vnd.oci.artifact.manifest.v1+json'
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`
const descriptor = (digit: string, more: object = {}): object => ({
  mediaType: 'application/x',
  digest: digest(digit),
  size: 5,
  ...more,
})
const target = (digit: string): object => ({ digest: digest(digit), size: 5 })
const image = { schemaVersion: 2, config: descriptor('1'), layers: [descriptor('2')] }

const accepted: { title: string; document: object; type?: string; want: object }[] = [
  {
    title: 'an image refers to its configuration and layers',
    document: image,
    want: {
      mediaType: ociManifest,
      blobs: [target('1'), target('2')],
      manifests: [],
      artifactType: 'application/x',
    },
  },
  {
    title: 'an index refers to manifests, and has an artifact type only where it says so',
    document: { schemaVersion: 2, manifests: [descriptor('3')] },
    want: { mediaType: ociIndex, blobs: [], manifests: [target('3')], artifactType: undefined },
  },
  {
    title: 'layers that may not be distributed need not be there',
    document: {
      ...image,
      layers: [
        descriptor('2', { urls: ['https://example.org/x'] }),
        descriptor('3', { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }),
      ],
    },
    want: { blobs: [target('1')] },
  },
  {
    title: 'an artifact of the release candidates refers to blobs',
    document: { mediaType: ociArtifact, artifactType: 'application/y', blobs: [descriptor('4')] },
    type: ociArtifact,
    want: { blobs: [target('4')], artifactType: 'application/y' },
  },
  {
    title: 'subject and annotations are read; null is as if missing',
    document: { ...image, subject: descriptor('9'), annotations: { a: 'b' }, layers: null },
    want: { subject: digest('9'), annotations: '{"a":"b"}', blobs: [target('1')] },
  },
  {
    title: 'an empty artifact type is none',
    document: { ...image, artifactType: '' },
    want: { artifactType: 'application/x' },
  },
]

for (const { title, document, type, want } of accepted)
  t.test(title, async (t) =>
    t.match(readManifest(Buffer.from(JSON.stringify(document)), type), want),
  )

const refused: { title: string; document: unknown; type?: string }[] = [
  { title: 'image and index at once (CVE-2021-41190)', document: { ...image, manifests: [] } },
  {
    title: 'an index with layers',
    document: { schemaVersion: 2, mediaType: ociIndex, manifests: [], layers: [] },
  },
  {
    title: 'another media type than its Content-Type',
    document: { ...image, mediaType: ociManifest },
    type: ociIndex,
  },
  { title: 'a media type that is no text', document: { ...image, mediaType: 7 } },
  { title: 'an unknown media type', document: { ...image, mediaType: 'text/plain' } },
  {
    title: 'schema 1',
    document: { schemaVersion: 1, fsLayers: [] },
    type: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  },
  { title: 'no schema version', document: { ...image, schemaVersion: undefined } },
  { title: 'no configuration', document: { ...image, config: undefined } },
  {
    title: 'a digest that leads elsewhere',
    document: { ...image, config: descriptor('1', { digest: 'sha256:../../etc/passwd' }) },
  },
  { title: 'a negative size', document: { ...image, config: descriptor('1', { size: -1 }) } },
  {
    title: 'a size that is no whole number',
    document: { ...image, config: descriptor('1', { size: 1.5 }) },
  },
  { title: 'a size past 2^53', document: { ...image, config: descriptor('1', { size: 2 ** 60 }) } },
  { title: 'layers that are no list', document: { ...image, layers: {} } },
  { title: 'a layer that is null', document: { ...image, layers: [null] } },
  { title: 'annotations that are no texts', document: { ...image, annotations: { a: 1 } } },
  { title: 'a list', document: [] },
  { title: 'null', document: null },
]

for (const { title, document, type } of refused)
  t.test(`refuses ${title}`, async (t) =>
    t.throws(() => readManifest(Buffer.from(JSON.stringify(document)), type), {
      name: 'RegistryError',
      status: 400,
      entries: [{ code: 'MANIFEST_INVALID' }],
    }),
  )

t.test('refuses bytes that are no UTF-8', async (t) =>
  t.throws(() => readManifest(Buffer.from([0x22, 0xff, 0x22]), undefined), {
    name: 'RegistryError',
    status: 400,
  }),
)
t.test('a key called __proto__ changes no object', async (t) => {
  const text = JSON.stringify(image).replace('{', '{"__proto__":{"manifests":[]},')
  t.match(readManifest(Buffer.from(text), undefined), { mediaType: ociManifest })
  t.notOk('manifests' in {})
})
