import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError, hasCode } from '../../native/error.ts'
import { type BlobCompression, compress } from '../layer/compress.ts'
import { detectCompression } from '../layer/decompress.ts'
import { withStorageHint } from '../layer/storage-failure.ts'
import { type UnpackedLayer, unpackLayer } from '../layer/unpack-layer.ts'
import { runOnThread } from '../layer/worker-pool.ts'
import { adoptLayer } from './adopt-layer.ts'
import { type LayerInput, readStart } from './blob-source.ts'
import { type StoredLayer, knownLayer, nextChainId } from './layer-note.ts'
import type { Lease } from './lease.ts'
import { removeFolder } from './remove-folder.ts'
import { layerFolder } from './store-folders.ts'
import { type BlobWriter, createBlobWriter } from './write-blob.ts'

export interface AddLayerOptions {
  readonly source: LayerInput
  /** Digest of the blob as the manifest has it; absent where no manifest speaks of it. */
  readonly digest?: string | undefined
  /** Digest of the plain tar as the configuration has it; absent for a bare tarball. */
  readonly diffId?: string | undefined
  /** Chain ids of the layers below, lowest first. */
  readonly below: readonly string[]
  /** How to compress a plain source for the blob; absent: the blob is the source's bytes. */
  readonly compression?: BlobCompression | undefined
  readonly onNote: (note: string) => void
}

/**
 * Bring a layer into the store: its blob, checked, and its unpacked folder, shared by all images
 * with the same layers below. Two processes adding the same layer do the work once.
 *
 * @throws {OperationError} `INVALID_IMAGE`; nothing is stored then
 */
export async function addLayer(lease: Lease, options: AddLayerOptions): Promise<StoredLayer> {
  const { diffId, digest } = options
  if (digest !== undefined) await lease.hold(digest)
  if (diffId === undefined) return unpackIntoStore(lease, options)
  const chainId = nextChainId(options.below, diffId)
  await lease.hold(chainId)
  const known = await holdKnown(lease, chainId, digest)
  if (known) return known
  const held = await lease.lock(`layer-${chainId.slice('sha256:'.length)}`)
  try {
    return (await holdKnown(lease, chainId, digest)) ?? (await unpackIntoStore(lease, options))
  } finally {
    held.release()
  }
}

/** The layer where it is there, and stays there. */
async function holdKnown(
  lease: Lease,
  chainId: string,
  digest: string | undefined,
): Promise<StoredLayer | undefined> {
  const known = knownLayer(lease.folders, chainId, digest)
  if (!known) return undefined
  await lease.hold(known.digest)
  return knownLayer(lease.folders, chainId, digest)
}

async function unpackIntoStore(lease: Lease, options: AddLayerOptions): Promise<StoredLayer> {
  const temporary = join(lease.folder, `layer-${randomUUID()}`)
  mkdirSync(join(temporary, 'fs'), { recursive: true, mode: 0o755 })
  const blob = createBlobWriter(lease)
  try {
    const { file } = options.source
    const work = file && !options.compression ? copyAndUnpack : streamAndUnpack
    const { unpacked, digest } = await work(lease, join(temporary, 'fs'), blob, options)
    requireDiffId(unpacked.diffId, options.diffId)
    const layer: StoredLayer = {
      digest,
      blobSize: blob.size,
      compression: options.compression?.kind ?? unpacked.compression,
      diffId: unpacked.diffId,
      size: unpacked.size,
      chainId: nextChainId(options.below, unpacked.diffId),
    }
    await adoptLayer(lease, temporary, layer)
    return layer
  } catch (cause) {
    throw withStorageHint('add a layer', await withBetterReason(cause, options))
  } finally {
    blob.discard()
    removeFolder(temporary)
  }
}

interface Unpacking {
  readonly unpacked: UnpackedLayer
  /** Of the blob, which has its place already. */
  readonly digest: string
}

/** The source lies in a file: one thread copies and hashes it while another unpacks it. */
async function copyAndUnpack(
  lease: Lease,
  folder: string,
  blob: BlobWriter,
  { source, digest, below, onNote }: AddLayerOptions,
): Promise<Unpacking> {
  const { file } = source
  if (!file) throw new OperationError('INTERNAL', 'copy a layer')
  const lowerFolders = below.map((chainId) => layerFolder(lease.folders, chainId))
  const isPlain = detectCompression(readStart(file, 4)) === 'none'
  const tasks = await Promise.allSettled([
    runOnThread({ kind: 'unpack', source: file, folder, lowerFolders, isHashed: !isPlain }, onNote),
    blob.copy(file).then(() => blob.commit({ digest, size: source.size })),
  ])
  const [unpacking, committed] = tasks
  // A wrong digest is the truer story of the two.
  if (committed.status === 'rejected') throw committed.reason
  if (unpacking.status === 'rejected') throw unpacking.reason
  const { unpacked } = unpacking.value
  if (!unpacked) throw new OperationError('INTERNAL', 'unpack a layer')
  const diffId = isPlain ? committed.value : unpacked.diffId
  return { unpacked: { ...unpacked, diffId }, digest: committed.value }
}

/** The source makes its bytes here: they are written, perhaps compressed, as they are unpacked. */
async function streamAndUnpack(
  lease: Lease,
  folder: string,
  blob: BlobWriter,
  { source, digest, below, compression, onNote }: AddLayerOptions,
): Promise<Unpacking> {
  const encoder = compression && compress(compression, (piece) => blob.write(piece))
  const unpacked = await unpackLayer({
    input: tee(source.pieces(), (piece) => (encoder ?? blob).write(piece)),
    folder,
    lowerFolders: below.map((chainId) => layerFolder(lease.folders, chainId)),
    onNote,
  })
  await encoder?.end()
  const size = compression ? undefined : source.size
  return { unpacked, digest: await blob.commit({ digest, size }) }
}

/** Damage shows first as a tar or gzip error; a wrong digest is the truer story, where there is one. */
async function withBetterReason(cause: unknown, options: AddLayerOptions): Promise<unknown> {
  if (!hasCode(cause, 'INVALID_IMAGE') || options.digest === undefined) return cause
  const hash = createHash('sha256')
  let size = 0
  for await (const piece of options.source.pieces()) {
    hash.update(piece)
    size += piece.length
  }
  const actual = `sha256:${hash.digest('hex')}`
  if (actual === options.digest) return cause
  return new OperationError(
    'INVALID_IMAGE',
    'check the digest of a layer',
    { expected: options.digest, actual, size },
    { cause, hint: 'The archive is damaged or was cut off: get it again' },
  )
}

async function* tee(
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
  take: (piece: Buffer) => Promise<void> | void,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    await take(piece)
    yield piece
  }
}

export function requireDiffId(actual: string, expected: string | undefined): void {
  if (expected === undefined || actual === expected) return
  throw new OperationError('INVALID_IMAGE', 'check the diff id of a layer', { expected, actual })
}
