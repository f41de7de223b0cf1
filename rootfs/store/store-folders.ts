import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'

/** Where things are below the store's data folder. */
export interface StoreFolders {
  readonly root: string
  readonly blobs: string
  readonly layers: string
  /** Folders of leases, and blobs that are not whole yet; see `lease.ts`. */
  readonly temporary: string
  /** Lock files of single blobs and layers. */
  readonly locks: string
  /** Held shared while a name is written down or locked, exclusively while names are removed. */
  readonly contentLock: string
  /** Held shared while a container of an image is made, exclusively while images are chosen that go; see `image-use.ts`. */
  readonly useLock: string
}

export function storeFolders(dataDir: string): StoreFolders {
  return {
    root: dataDir,
    blobs: join(dataDir, 'blobs', 'sha256'),
    layers: join(dataDir, 'layers'),
    temporary: join(dataDir, 'tmp'),
    locks: join(dataDir, 'locks'),
    contentLock: join(dataDir, 'content.lock'),
    useLock: join(dataDir, 'use.lock'),
  }
}

export function makeStoreFolders(folders: StoreFolders): void {
  for (const folder of [
    folders.root,
    folders.blobs,
    folders.layers,
    folders.temporary,
    folders.locks,
  ])
    mkdirSync(folder, { recursive: true, mode: 0o700 })
}

/** Hex part of a sha256 digest. @throws {OperationError} `INVALID_IMAGE` when it is none */
export function digestHex(digest: string): string {
  const match = /^sha256:([0-9a-f]{64})$/.exec(digest)
  if (match?.[1] !== undefined) return match[1]
  throw new OperationError('INVALID_IMAGE', 'check a digest', {
    digest: digest.slice(0, 100),
    expected: 'sha256 with 64 hexadecimal digits',
  })
}

export function blobPath(folders: StoreFolders, digest: string): string {
  return join(folders.blobs, digestHex(digest))
}

export function layerFolder(folders: StoreFolders, chainId: string): string {
  return join(folders.layers, digestHex(chainId), 'fs')
}
