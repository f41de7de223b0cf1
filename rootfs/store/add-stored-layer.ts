import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { detectCompression } from '../layer/decompress.ts'
import { runOnThread } from '../layer/worker-pool.ts'
import { requireDiffId } from './add-layer.ts'
import { adoptLayer } from './adopt-layer.ts'
import { type BlobSource, readStart } from './blob-source.ts'
import { type StoredLayer, layerOfNote, nextChainId, readLayerNote } from './layer-note.ts'
import type { Lease } from './lease.ts'
import { removeFolder } from './remove-folder.ts'
import { blobPath, layerFolder } from './store-folders.ts'

export interface StoredLayerOptions {
  /** Of a blob that is in the store. */
  readonly digest: string
  readonly diffId: string
  /** Chain ids of the layers below, lowest first. */
  readonly below: readonly string[]
  readonly onNote: (note: string) => void
}

/**
 * Unpack a layer whose blob is in the store. Where it is unpacked already, from this blob or from
 * one that is compressed differently, nothing is written.
 *
 * @throws {OperationError} `INVALID_IMAGE`, also where the blob does not unpack to the diff id
 */
export async function addStoredLayer(
  lease: Lease,
  options: StoredLayerOptions,
): Promise<StoredLayer> {
  const chainId = nextChainId(options.below, options.diffId)
  await lease.hold(chainId, options.digest)
  const source = openBlob(lease, options.digest)
  const held = await lease.lock(`layer-${chainId.slice('sha256:'.length)}`)
  try {
    return await layerOfBlob(lease, source, { ...options, chainId })
  } finally {
    held.release()
    closeSync(source.descriptor)
  }
}

async function layerOfBlob(
  lease: Lease,
  source: BlobSource,
  { chainId, ...options }: StoredLayerOptions & { readonly chainId: string },
): Promise<StoredLayer> {
  const { digest, diffId } = options
  const note = readLayerNote(lease.folders, chainId)
  if (note?.digest === digest) return layerOfNote(note, chainId)
  const compression = detectCompression(readStart(source, 4))
  const layer = { digest, blobSize: source.size, compression, diffId, chainId }
  if (!note) return { ...layer, size: await unpack(lease, source, { ...options, ...layer }) }
  requireDiffId(
    (await runOnThread({ kind: 'plain-digest', source }, options.onNote)).digest,
    diffId,
  )
  return { ...layer, size: note.size }
}

async function unpack(
  lease: Lease,
  source: BlobSource,
  options: StoredLayerOptions & Omit<StoredLayer, 'size'>,
): Promise<number> {
  const temporary = join(lease.folder, `layer-${randomUUID()}`)
  const content = join(temporary, 'fs')
  mkdirSync(content, { recursive: true, mode: 0o755 })
  const { below, onNote, digest, blobSize, compression, diffId, chainId } = options
  try {
    const lowerFolders = below.map((id) => layerFolder(lease.folders, id))
    // The blob was hashed on its way in, and a plain tar is its blob.
    const isHashed = compression !== 'none'
    const task = { kind: 'unpack', source, folder: content, lowerFolders, isHashed } as const
    const { digest: plain, unpacked } = await runOnThread(task, onNote)
    requireDiffId(isHashed ? plain : digest, diffId)
    if (!unpacked) throw new OperationError('INTERNAL', 'unpack a layer')
    const { size } = unpacked
    await adoptLayer(lease, temporary, { digest, blobSize, compression, diffId, chainId, size })
    return size
  } finally {
    removeFolder(temporary)
  }
}

function openBlob({ folders }: Lease, digest: string): BlobSource {
  try {
    const descriptor = openSync(blobPath(folders, digest), 'r')
    return { descriptor, offset: 0, size: fstatSync(descriptor).size }
  } catch (cause) {
    throw new OperationError('INVALID_IMAGE', 'open the blob of a layer', { digest }, { cause })
  }
}
