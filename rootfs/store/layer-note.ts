import { bootId } from '../../native/boot-id.ts'
import { digestOf } from '../digest.ts'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Compression } from '../layer/decompress.ts'
import { type StoreFolders, blobPath, layerFolder } from './store-folders.ts'

/** A layer that is in the store, as a blob and unpacked. */
export interface StoredLayer {
  /** "sha256:…" of the blob. */
  readonly digest: string
  /** Bytes of the blob. */
  readonly blobSize: number
  readonly compression: Compression
  /** "sha256:…" of the plain tar. */
  readonly diffId: string
  /** "sha256:…" of this layer on those below it. */
  readonly chainId: string
  /** Bytes of its files. */
  readonly size: number
}

/** What is written beside an unpacked layer: the blob it came from first, there may be others. */
export interface LayerNote extends Omit<StoredLayer, 'chainId'> {
  /** Id of the boot in which it was unpacked, as long as nobody made sure that the disk has it. */
  readonly unsyncedSince?: string | undefined
}

/** @see https://github.com/opencontainers/image-spec/blob/main/config.md — "Layer ChainID" */
export function nextChainId(below: readonly string[], diffId: string): string {
  const parent = below.at(-1)
  if (parent === undefined) return diffId
  return digestOf(`${parent} ${diffId}`)
}

/**
 * What is written beside an unpacked layer; undefined where there is none, or where the layer may have
 * suffered from a power cut.
 */
export function readLayerNote(folders: StoreFolders, chainId: string): LayerNote | undefined {
  try {
    const note = JSON.parse(readFileSync(notePath(folders, chainId), 'utf8')) as LayerNote
    return note.unsyncedSince === undefined || note.unsyncedSince === bootId() ? note : undefined
  } catch {
    return undefined
  }
}

export function notePath(folders: StoreFolders, chainId: string): string {
  return join(dirname(layerFolder(folders, chainId)), 'layer.json')
}

/** The layer, where it is unpacked already from this very blob. */
export function knownLayer(
  folders: StoreFolders,
  chainId: string,
  digest: string | undefined,
): StoredLayer | undefined {
  const note = readLayerNote(folders, chainId)
  if (!note || !existsSync(blobPath(folders, note.digest))) return undefined
  if (digest !== undefined && digest !== note.digest) return undefined
  return layerOfNote(note, chainId)
}

export function layerOfNote(
  { digest, blobSize, compression, diffId, size }: LayerNote,
  chainId: string,
): StoredLayer {
  return { digest, blobSize, compression, diffId, size, chainId }
}
