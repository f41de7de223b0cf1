import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { addDocument } from '../../../rootfs/import/add-document.ts'
import {
  type ManifestInput,
  addImageFromManifest,
} from '../../../rootfs/import/add-image-from-manifest.ts'
import { findDocument } from '../../../rootfs/store/documents.ts'
import type { Image } from '../../../rootfs/store/image.ts'
import { imageLayers } from '../../../rootfs/store/image-layers.ts'
import { type ImageStore, openImageStore } from '../../../rootfs/store/image-store.ts'
import { beginBlob } from '../../../rootfs/store/ingest-blob.ts'
import { type Lease, withLease } from '../../../rootfs/store/lease.ts'
import { pruneImages } from '../../../rootfs/store/remove-image.ts'
import { blobPath } from '../../../rootfs/store/store-folders.ts'
import { storeBlob } from '../../../rootfs/store/write-blob.ts'
import { buildTar } from '../layer/tar-builder.ts'

const oci = 'application/vnd.oci.image'
const types = {
  manifest: `${oci}.manifest.v1+json`,
  index: `${oci}.index.v1+json`,
  config: `${oci}.config.v1+json`,
}
const layers = [
  buildTar([{ name: 'etc/', type: '5' }, { name: 'etc/os', content: 'one' }, { name: 'gone' }]),
  buildTar([{ name: '.wh.gone' }, { name: 'two', content: 'x'.repeat(5000) }]),
]

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

interface Remote {
  readonly manifest: Buffer
  readonly index: Buffer
  readonly blobs: ReadonlyMap<string, Buffer>
}

/** An image as a registry has it; its manifest is written as no program of ours would. */
function makeRemote(
  encode: (layer: Buffer) => Buffer = (layer) => layer,
  suffix = '',
  change: (fields: { config: Record<string, unknown>; layers: object[] }) => object = (f) => f,
): Remote {
  const diffIds = layers.map(digestOf)
  const encoded = layers.map(encode)
  const config = Buffer.from(
    JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: diffIds } }),
  )
  const describe = (mediaType: string, content: Buffer): Record<string, unknown> => ({
    mediaType,
    size: content.length,
    digest: digestOf(content),
  })
  const document = {
    schemaVersion: 2,
    mediaType: types.manifest,
    ...change({
      config: describe(types.config, config),
      layers: encoded.map((layer) => describe(`${oci}.layer.v1.tar${suffix}`, layer)),
    }),
  }
  const manifest = Buffer.from(`${JSON.stringify(document, null, 3)}\n`)
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, manifests: [describe(types.manifest, manifest)] }),
  )
  return { manifest, index, blobs: new Map([config, ...encoded].map((b) => [digestOf(b), b])) }
}

function newStore(t: Test): ImageStore {
  const base = mkdtempSync(join(tmpdir(), 'manifest-'))
  const store = openImageStore({ dataDir: join(base, 'data'), runDir: join(base, 'run') })
  t.teardown(() => {
    store.close()
    rmSync(base, { recursive: true, force: true })
  })
  return store
}

async function bring(lease: Lease, remote: Remote, digest: string): Promise<void> {
  const content = remote.blobs.get(digest)
  const ingest = content && (await beginBlob(lease, digest))
  if (!content || !ingest) return
  for (let at = 0; at < content.length; at += 1000) {
    await new Promise(setImmediate)
    ingest.append(content.subarray(at, at + 1000))
  }
  await ingest.commit({ digest, size: content.length })
}

/** As a client does it: all blobs at once, the image made meanwhile. */
function pull(
  store: ImageStore,
  remote: Remote,
  more: Partial<ManifestInput> = {},
): Promise<Image> {
  return withLease(store, async (lease) => {
    const running = new Map([...remote.blobs.keys()].map((d) => [d, bring(lease, remote, d)]))
    const added = addImageFromManifest(lease, {
      manifest: remote.manifest,
      references: ['localhost:5000/app:1'],
      fetchBlob: async ({ digest }) => running.get(digest),
      onNote: () => undefined,
      ...more,
    })
    await Promise.allSettled([added, ...running.values()])
    return added
  })
}

t.test('an image that arrives in pieces keeps its manifest byte for byte', async (t) => {
  const store = newStore(t)
  const remote = makeRemote()
  const order: string[] = []
  const image = await pull(store, remote, {
    mediaType: types.manifest,
    digest: digestOf(remote.manifest),
    indexes: [remote.index],
    onLayer: ({ diffId }) => order.push(diffId),
  })
  t.strictSame(order, layers.map(digestOf))
  t.equal(image.digest, digestOf(remote.manifest))
  t.strictSame(readFileSync(blobPath(store.folders, image.digest)), remote.manifest)
  t.equal(readFileSync(join(image.layerFolders[1] ?? '', 'two'), 'utf8').length, 5000)
  const byIndex = `localhost:5000/app@${digestOf(remote.index)}`
  for (const name of ['localhost:5000/app:1', `localhost:5000/app@${image.digest}`, byIndex])
    t.equal(store.find(name)?.digest, image.digest, name)
  await pruneImages(store, { inUse: () => new Set() })
  t.equal(readdirSync(store.folders.blobs).length, 5, 'prune keeps the index, too')
})

t.test('the same layers compressed otherwise are unpacked once and kept twice', async (t) => {
  const store = newStore(t)
  const zipped = makeRemote((layer) => gzipSync(layer), '+gzip')
  const dense = makeRemote((layer) => zstdCompressSync(layer), '+zstd')
  const first = await pull(store, zipped)
  const folder = first.layerFolders[1] ?? ''
  const { ino } = statSync(folder)
  const second = await pull(store, dense, { references: ['localhost:5000/app:dense'] })
  t.equal(second.id, first.id)
  t.equal(statSync(folder).ino, ino)
  await pruneImages(store, { inUse: () => new Set() })
  for (const [name, { manifest }] of [
    ['localhost:5000/app:1', zipped],
    ['localhost:5000/app:dense', dense],
  ] as const) {
    const image = store.require(name)
    t.equal(image.digest, digestOf(manifest), `${name} has its own manifest`)
    for (const layer of imageLayers(store, image))
      t.ok(statSync(blobPath(store.folders, layer.digest)).isFile())
  }
})

t.test('what does not match its manifest enters nothing', async (t) => {
  const remote = makeRemote()
  const other = makeRemote((layer) => gzipSync(layer), '+gzip')
  const oneLess = makeRemote(undefined, '', (f) => ({ ...f, layers: f.layers.slice(1) }))
  const swapped = makeRemote(undefined, '', (f) => ({ ...f, layers: f.layers.toReversed() }))
  const longer = makeRemote(undefined, '', (f) => ({
    ...f,
    layers: f.layers.map((layer) => ({ ...layer, size: 1 })),
  }))
  const artifact = makeRemote(undefined, '', (f) => ({
    ...f,
    config: { ...f.config, mediaType: 'application/vnd.example+json' },
  }))
  const rows: [name: string, remote: Remote, more: Partial<ManifestInput>][] = [
    ['another digest', remote, { digest: digestOf(other.manifest) }],
    ['another media type', remote, { mediaType: types.index }],
    ['an index', { ...remote, manifest: remote.index }, {}],
    ['no JSON', { ...remote, manifest: Buffer.from('{') }, {}],
    ['a layer that is not there', { ...remote, blobs: new Map() }, {}],
    ['fewer layers than the configuration has', oneLess, {}],
    ['layers in another order', swapped, {}],
    ['a wrong size', longer, {}],
    ['an artifact', artifact, {}],
  ]
  for (const [name, bad, more] of rows) {
    const store = newStore(t)
    await t.rejects(pull(store, bad, more), { code: 'INVALID_IMAGE' }, name)
    t.strictSame(store.list(), [], name)
    await pruneImages(store, { inUse: () => new Set() })
    t.strictSame(readdirSync(store.folders.blobs), [], `${name}: nothing is left`)
    t.strictSame(readdirSync(store.folders.temporary), [], `${name}: nothing is half made`)
  }
})

t.test('an artifact is kept as long as its name', async (t) => {
  const store = newStore(t)
  const reference = 'localhost:5000/chart:1'
  await withLease(store, async (lease) => {
    const blob = await storeBlob(lease, Buffer.from('a chart'))
    const content = Buffer.from(
      JSON.stringify({ schemaVersion: 2, config: { digest: blob }, layers: [] }),
    )
    await addDocument(lease, { content, mediaType: types.manifest, references: [reference] })
  })
  await pruneImages(store, { inUse: () => new Set(), all: true })
  t.equal(readdirSync(store.folders.blobs).length, 2)
  t.equal(findDocument(store, reference)?.mediaType, types.manifest)
  t.equal(store.find(reference), undefined, 'it is no image')
})
