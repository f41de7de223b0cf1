import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createHash, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { unpackLimits } from '../../../rootfs/layer/decompress.ts'
import { addLayer } from '../../../rootfs/store/add-layer.ts'
import { layerInFile } from '../../../rootfs/store/blob-source.ts'
import type { StoredLayer } from '../../../rootfs/store/layer-note.ts'
import { type ImageStore, openImageStore } from '../../../rootfs/store/image-store.ts'
import { withLease } from '../../../rootfs/store/lease.ts'
import { sweepContent } from '../../../rootfs/store/sweep-content.ts'
import { buildTar, rawHeader } from './tar-builder.ts'

// Streams as a whole: how they are compressed, where they end, what they promise. Through the store,
// where those of more than two megabytes are worked on by other threads.

interface Bench {
  readonly store: ImageStore
  readonly add: (
    blob: Buffer,
    expected?: { digest?: string; diffId?: string },
  ) => Promise<StoredLayer>
}

function bench(t: Test): Bench {
  const base = mkdtempSync(join(tmpdir(), 'streams-'))
  const store = openImageStore({ dataDir: join(base, 'data'), runDir: join(base, 'run') })
  t.teardown(() => {
    store.close()
    rmSync(base, { recursive: true, force: true })
  })
  return {
    store,
    async add(blob, expected = {}) {
      const path = join(base, 'blob')
      writeFileSync(path, blob)
      const descriptor = openSync(path, 'r')
      try {
        const source = layerInFile({ descriptor, offset: 0, size: blob.length })
        const options = { source, below: [], onNote: () => undefined, ...expected }
        return await withLease(store, (lease) => addLayer(lease, options))
      } finally {
        closeSync(descriptor)
      }
    },
  }
}

const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const noise = randomBytes(5_000_000)
const small = buildTar([{ name: 'f', content: 'x'.repeat(5000) }])
const large = buildTar([
  { name: 'f', content: noise },
  { name: 'g', content: 'end' },
])

/** A frame that decoders pass over: what eStargz and zstd:chunked keep their tables in. */
function skippable(size: number): Buffer {
  const frame = Buffer.alloc(8 + size)
  frame.writeUInt32LE(0x184d2a50, 0)
  frame.writeUInt32LE(size, 4)
  return frame
}

const accepted: [name: string, blob: Buffer, tar: Buffer][] = [
  ['a skippable frame first', Buffer.concat([skippable(70), zstdCompressSync(small)]), small],
  ['a skippable frame last', Buffer.concat([zstdCompressSync(small), skippable(70)]), small],
  [
    'zstd:chunked: frames with tables between',
    Buffer.concat([
      zstdCompressSync(small.subarray(0, 1000)),
      skippable(9),
      zstdCompressSync(small.subarray(1000)),
      skippable(100),
    ]),
    small,
  ],
  ['a large plain tar', large, large],
  ['a large gzip', gzipSync(large, { level: 1 }), large],
  ['a large zstd', zstdCompressSync(large), large],
]
for (const [name, blob, tar] of accepted)
  t.test(`reads ${name}`, async (t) => {
    const { add } = bench(t)
    const expected = { digest: digestOf(blob), diffId: digestOf(tar) }
    t.match(await add(blob, expected), { ...expected, blobSize: blob.length })
  })

const zipped = gzipSync(large, { level: 1 })
const changed = Buffer.from(zipped)
changed.writeUInt32LE(0xdeadbeef, 2_500_000)
const wide = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0, 0])
const promised = Buffer.concat([rawHeader({ name: 'f' }, 6_000_000), noise])

const refused: [name: string, blob: Buffer, expected?: { digest?: string; diffId?: string }][] = [
  ['a zstd window of 2 GiB', wide],
  ['only a skippable frame', skippable(100), { diffId: digestOf(small) }],
  ['a large plain tar that was cut off', large.subarray(0, 4_000_000)],
  ['a large gzip that was cut off', zipped.subarray(0, 4_000_000)],
  // What reads must be told when what unpacks has failed, or both wait for ever.
  ['a large gzip with changed bytes (CVE-2021-20291)', changed],
  ['a file shorter than its header says', promised],
  ['a large tar that is another', large, { digest: digestOf(small) }],
  ['a large tar with another diff id', large, { diffId: digestOf(small) }],
  ['a large gzip with another diff id', zipped, { diffId: digestOf(small) }],
  ['text', Buffer.from('no archive '.repeat(300_000))],
]
for (const [name, blob, expected] of refused)
  t.test(`refuses ${name}`, async (t) => {
    const { add, store } = bench(t)
    await t.rejects(add(blob, expected), { code: 'INVALID_IMAGE' })
    await sweepContent(store)
    const { layers, blobs, temporary } = store.folders
    for (const folder of [layers, blobs, temporary]) t.strictSame(readdirSync(folder), [])
  })

t.test('limits can be set', async (t) => {
  t.equal(unpackLimits({ MYIMAGE_MAX_LAYER_BYTES: '1000' }).maxBytes, 1000)
  t.equal(unpackLimits({ MYIMAGE_MAX_LAYER_BYTES: '' }).maxBytes, unpackLimits({}).maxBytes)
  for (const value of ['0', '-1', '1e9', 'many'])
    t.throws(() => unpackLimits({ MYIMAGE_MAX_LAYER_ENTRIES: value }), { code: 'INVALID_ARGUMENT' })
  process.env['MYIMAGE_MAX_LAYER_BYTES'] = '4000000'
  t.teardown(() => delete process.env['MYIMAGE_MAX_LAYER_BYTES'])
  await t.rejects(bench(t).add(zipped), { code: 'INVALID_IMAGE' })
})
