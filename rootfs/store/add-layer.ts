import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OperationError, hasCode } from '../../native/error.ts'
import { lock } from '../../native/lock.ts'
import type { Compression } from '../layer/decompress.ts'
import { unpackLayer } from '../layer/unpack-layer.ts'
import type { LayerInput } from './blob-source.ts'
import { removeFolder } from './remove-folder.ts'
import { type StoreFolders, blobPath, digestHex, layerFolder } from './store-folders.ts'
import { createBlobWriter } from './write-blob.ts'

export interface AddLayerOptions {
  readonly source: LayerInput
  /** Digest of the blob as the manifest has it; absent where no manifest speaks of it. */
  readonly digest?: string | undefined
  /** Digest of the plain tar as the configuration has it; absent for a bare tarball. */
  readonly diffId?: string | undefined
  /** Chain ids of the layers below, lowest first. */
  readonly below: readonly string[]
  readonly onNote: (note: string) => void
}

/** A layer that is in the store, as a blob and unpacked. */
export interface StoredLayer {
  readonly digest: string
  readonly blobSize: number
  readonly compression: Compression
  readonly diffId: string
  readonly chainId: string
  /** Bytes of its files. */
  readonly size: number
}

/** @see https://github.com/opencontainers/image-spec/blob/main/config.md — "Layer ChainID" */
function nextChainId(below: readonly string[], diffId: string): string {
  const parent = below.at(-1)
  if (parent === undefined) return diffId
  return `sha256:${createHash('sha256').update(`${parent} ${diffId}`).digest('hex')}`
}

/**
 * Bring a layer into the store: its blob, checked, and its unpacked folder, shared by all images
 * with the same layers below. Two processes adding the same layer do the work once.
 */
export async function addLayer(
  folders: StoreFolders,
  options: AddLayerOptions,
): Promise<StoredLayer> {
  const { diffId } = options
  if (diffId === undefined) return unpackIntoStore(folders, options)
  const chainId = nextChainId(options.below, diffId)
  const known = knownLayer(folders, chainId, options)
  if (known) return known
  const held = await lock(`${dirname(layerFolder(folders, chainId))}.lock`)
  try {
    return knownLayer(folders, chainId, options) ?? (await unpackIntoStore(folders, options))
  } finally {
    held.release()
  }
}

interface LayerNote {
  readonly digest: string
  readonly blobSize: number
  readonly compression: Compression
  readonly diffId: string
  readonly size: number
}

/** The layer, where it is unpacked already from this very blob. */
function knownLayer(
  folders: StoreFolders,
  chainId: string,
  options: AddLayerOptions,
): StoredLayer | undefined {
  const note = readLayerNote(folders, chainId)
  if (!note || !existsSync(blobPath(folders, note.digest))) return undefined
  if (options.digest !== undefined && options.digest !== note.digest) return undefined
  return { ...note, chainId }
}

/** What is written beside an unpacked layer; undefined where there is none. */
export function readLayerNote(folders: StoreFolders, chainId: string): LayerNote | undefined {
  try {
    const path = join(dirname(layerFolder(folders, chainId)), 'layer.json')
    return JSON.parse(readFileSync(path, 'utf8')) as LayerNote
  } catch {
    return undefined
  }
}

async function unpackIntoStore(
  folders: StoreFolders,
  options: AddLayerOptions,
): Promise<StoredLayer> {
  const temporary = join(folders.temporary, `layer-${randomUUID()}`)
  const content = join(temporary, 'fs')
  mkdirSync(content, { recursive: true, mode: 0o755 })
  const blob = createBlobWriter(folders)
  try {
    const unpacked = await unpackLayer({
      input: tee(options.source.pieces(), (piece) => blob.write(piece)),
      folder: content,
      lowerFolders: options.below.map((chainId) => layerFolder(folders, chainId)),
      onNote: options.onNote,
    })
    requireDiffId(unpacked.diffId, options.diffId)
    const digest = await blob.commit({ digest: options.digest, size: options.source.size })
    const note: LayerNote = {
      digest,
      blobSize: blob.size,
      compression: unpacked.compression,
      diffId: unpacked.diffId,
      size: unpacked.size,
    }
    writeFileSync(join(temporary, 'layer.json'), JSON.stringify(note))
    const chainId = nextChainId(options.below, unpacked.diffId)
    adopt(folders, temporary, chainId)
    return { ...note, chainId }
  } catch (cause) {
    throw withBetterReason(cause, options)
  } finally {
    blob.discard()
    removeFolder(temporary)
  }
}

/** Damage shows first as a tar or gzip error; a wrong digest is the truer story, where there is one. */
function withBetterReason(cause: unknown, options: AddLayerOptions): unknown {
  if (!hasCode(cause, 'INVALID_IMAGE') || options.digest === undefined) return cause
  const hash = createHash('sha256')
  let size = 0
  for (const piece of options.source.pieces()) {
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

function* tee(pieces: Iterable<Buffer>, take: (piece: Buffer) => void): Generator<Buffer> {
  for (const piece of pieces) {
    take(piece)
    yield piece
  }
}

function requireDiffId(actual: string, expected: string | undefined): void {
  if (expected === undefined || actual === expected) return
  throw new OperationError('INVALID_IMAGE', 'check the diff id of a layer', { expected, actual })
}

/** The rename is the moment from which the layer is believed. */
function adopt(folders: StoreFolders, temporary: string, chainId: string): void {
  const target = join(folders.layers, digestHex(chainId))
  try {
    renameSync(temporary, target)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    // Another process was faster, or it is here with another compression: both are the same files.
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw cause
  }
}
