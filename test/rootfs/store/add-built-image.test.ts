import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { addBuiltImage } from '../../../rootfs/store/add-built-image.ts'
import { addLayer } from '../../../rootfs/store/add-layer.ts'
import type { ImageFormat } from '../../../rootfs/store/format-manifest.ts'
import type { Image } from '../../../rootfs/store/image.ts'
import { imageLayers } from '../../../rootfs/store/image-layers.ts'
import { type ImageStore, openImageStore } from '../../../rootfs/store/image-store.ts'
import type { StoredLayer } from '../../../rootfs/store/layer-note.ts'
import { withLease } from '../../../rootfs/store/lease.ts'
import { blobPath } from '../../../rootfs/store/store-folders.ts'
import { buildTar } from '../layer/tar-builder.ts'

const layers = [
  buildTar([
    { name: 'etc/', type: '5' },
    { name: 'etc/f', content: 'x'.repeat(9000) },
  ]),
  buildTar([{ name: 'etc/.wh.f' }, { name: 'g', content: 'y' }]),
]
const configuration = {
  created: '2020-01-01T00:00:00Z',
  architecture: 'amd64',
  os: 'linux',
  config: { Cmd: ['x'], Labels: { a: 'b' }, OfTheFuture: 1 },
  history: [{ created_by: 'one' }, { created_by: 'two' }],
  rootfs: 'what the caller says is not asked for',
}

type Kind = 'none' | 'gzip' | 'zstd'

function newStore(t: Test): ImageStore {
  const base = mkdtempSync(join(tmpdir(), 'built-'))
  const store = openImageStore({ dataDir: join(base, 'data'), runDir: join(base, 'run') })
  t.teardown(() => {
    store.close()
    rmSync(base, { recursive: true, force: true })
  })
  return store
}

async function* slowly(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1500) {
    await new Promise(setImmediate)
    yield Buffer.from(bytes.subarray(at, at + 1500))
  }
}

function build(
  store: ImageStore,
  kind: Kind,
  format: ImageFormat,
  pieces: (bytes: Buffer) => AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<Image> {
  return withLease(store, async (lease) => {
    const stored: StoredLayer[] = []
    for (const bytes of layers) {
      const source = { size: undefined, pieces: () => pieces(bytes) }
      const below = stored.map((layer) => layer.chainId)
      const compression = { kind }
      stored.push(await addLayer(lease, { source, below, compression, onNote: () => undefined }))
    }
    const references = ['localhost/built:1']
    const annotations = { note: 'kept' }
    return addBuiltImage(lease, { layers: stored, configuration, annotations, format, references })
  })
}

const decode = { none: (b: Buffer) => b, gzip: gunzipSync, zstd: zstdDecompressSync }
const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const rows: [kind: Kind, format: ImageFormat, layerType: string][] = [
  ['none', 'oci', 'application/vnd.oci.image.layer.v1.tar'],
  ['gzip', 'oci', 'application/vnd.oci.image.layer.v1.tar+gzip'],
  ['zstd', 'oci', 'application/vnd.oci.image.layer.v1.tar+zstd'],
  ['gzip', 'docker', 'application/vnd.docker.image.rootfs.diff.tar.gzip'],
]

for (const [kind, format, layerType] of rows)
  t.test(`an image with ${kind} layers in the format of ${format}`, async (t) => {
    const store = newStore(t)
    const image = await build(store, kind, format, slowly)
    const again = await build(newStore(t), kind, format, (bytes) => [bytes])
    t.equal(again.digest, image.digest, 'the same elsewhere, and in other pieces')
    const read = (digest: string): Buffer => readFileSync(blobPath(store.folders, digest))
    const manifest = JSON.parse(read(image.digest).toString()) as Record<string, never[]>
    t.match(manifest, { layers: [{ mediaType: layerType }, { mediaType: layerType }] })
    t.match(manifest['mediaType'], format === 'oci' ? 'vnd.oci' : 'vnd.docker')
    t.strictSame(manifest['annotations'], format === 'oci' ? { note: 'kept' } : undefined)
    const found = imageLayers(store, image)
    for (const [at, layer] of found.entries()) {
      t.equal(layer.compression, kind)
      t.equal(digestOf(Buffer.from(decode[kind](read(layer.digest)))), layer.diffId)
      t.equal(layer.diffId, digestOf(layers[at] ?? Buffer.alloc(0)))
    }
    t.strictSame(JSON.parse(read(image.id).toString()), {
      ...configuration,
      rootfs: { type: 'layers', diff_ids: found.map((layer) => layer.diffId) },
    })
    t.strictSame(image.config.cmd, ['x'])
  })
