import { type Hash, createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { OperationError } from '../../native/error.ts'
import type { FileLock } from '../../native/lock.ts'
import { withStorageHint } from '../layer/storage-failure.ts'
import { readPieces } from './blob-source.ts'
import type { Lease } from './lease.ts'
import { type StoreFolders, blobPath, digestHex } from './store-folders.ts'

/**
 * A blob that arrives from elsewhere, in pieces, perhaps with interruptions: of the connection, or
 * of this process. It is in the store only after `commit`.
 */
export interface BlobIngest {
  /** Bytes that are here; the sender goes on at this offset. */
  readonly size: number
  /** Take the next bytes. They are hashed and handed to the kernel before it returns. */
  append(bytes: Uint8Array): void
  /** Forget all bytes: the sender cannot go on in the middle and begins again. */
  restart(): void
  /**
   * Check size and digest, make the blob durable and give it its name.
   *
   * @throws {OperationError} `INVALID_IMAGE` on a mismatch; the bytes are thrown away then
   */
  commit(expected: { readonly digest: string; readonly size?: number | undefined }): Promise<void>
  /** Stop for now: a later attempt, also of another process, goes on. Harmless after `commit`. */
  suspend(): void
  /** Throw the bytes away. Harmless after `commit`. */
  discard(): void
}

/**
 * Begin a blob whose digest is known, or go on where an earlier attempt ended. While another process
 * brings the same blob this waits for it.
 *
 * @returns undefined where the blob is in the store already
 */
export async function beginBlob(lease: Lease, digest: string): Promise<BlobIngest | undefined> {
  const { folders } = lease
  await lease.hold(digest)
  if (hasBlob(folders, digest)) return undefined
  const name = digestHex(digest)
  const held = await lease.lock(`blob-${name}`)
  if (!hasBlob(folders, digest)) return openIngest(lease, partialPath(folders, name), held)
  held.release()
  return undefined
}

/**
 * Begin or go on with an upload whose digest is told at its end.
 *
 * @param id of the caller's choice: letters, digits and "-"
 * @throws {OperationError} `LOCKED` where another process, or another call here, has it open
 */
export async function openUpload(lease: Lease, id: string): Promise<BlobIngest> {
  const name = `upload-${uploadName(id)}`
  const path = partialPath(lease.folders, name)
  const held = await lease.tryLock(name)
  if (!held) throw new OperationError('LOCKED', 'go on with an upload', { id })
  return openIngest(lease, path, held)
}

/** Bytes that an interrupted upload has; undefined where there is none of this id. */
export function uploadSize(folders: StoreFolders, id: string): number | undefined {
  const path = partialPath(folders, `upload-${uploadName(id)}`)
  return statSync(path, { throwIfNoEntry: false })?.size
}

/** Whether the blob is in the store; hold it first where that matters. */
export function hasBlob(folders: StoreFolders, digest: string): boolean {
  return existsSync(blobPath(folders, digest))
}

export const partialPrefix = 'partial-'

function partialPath(folders: StoreFolders, name: string): string {
  return join(folders.temporary, `${partialPrefix}${name}`)
}

function uploadName(id: string): string {
  if (/^[\w-]{1,128}$/.test(id)) return id
  throw new OperationError('INVALID_ARGUMENT', 'name an upload', { id: id.slice(0, 128) })
}

interface IngestState {
  readonly lease: Lease
  readonly path: string
  readonly file: number
  readonly held: FileLock
  hash: Hash
  size: number
  open: boolean
}

function openIngest(lease: Lease, path: string, held: FileLock): BlobIngest {
  const file = openSync(path, 'a+', 0o600)
  const { size } = fstatSync(file)
  const state: IngestState = {
    lease,
    path,
    file,
    held,
    hash: createHash('sha256'),
    size,
    open: true,
  }
  for (const piece of readPieces({ descriptor: file, offset: 0, size })) state.hash.update(piece)
  return {
    get size() {
      return state.size
    },
    append(bytes) {
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
      } catch (error) {
        throw withStorageHint('store a blob', error)
      }
      state.hash.update(bytes)
      state.size += bytes.length
    },
    restart() {
      ftruncateSync(file, 0)
      state.hash = createHash('sha256')
      state.size = 0
    },
    commit: (expected) => commit(state, expected),
    suspend: () => close(state),
    discard() {
      if (state.open) rmSync(path, { force: true })
      close(state)
    },
  }
}

async function commit(
  state: IngestState,
  expected: { readonly digest: string; readonly size?: number | undefined },
): Promise<void> {
  const { lease, path, file } = state
  const digest = `sha256:${state.hash.copy().digest('hex')}`
  try {
    requireMatch({ digest, size: state.size }, expected)
    await lease.hold(digest)
    const target = blobPath(lease.folders, digest)
    if (!existsSync(target)) {
      await promisify(fsync)(file)
      renameSync(path, target)
    }
  } finally {
    if (state.open) rmSync(path, { force: true })
    close(state)
  }
}

function close(state: IngestState): void {
  if (!state.open) return
  state.open = false
  closeSync(state.file)
  state.held.release()
}

/** @throws {OperationError} `INVALID_IMAGE`: the size first, because it is the plainer story */
export function requireMatch(
  actual: { digest: string; size: number },
  expected: { readonly digest?: string | undefined; readonly size?: number | undefined },
): void {
  if (expected.size !== undefined && expected.size !== actual.size)
    throw new OperationError('INVALID_IMAGE', 'check the size of a blob', {
      expected: expected.size,
      actual: actual.size,
    })
  if (expected.digest !== undefined && expected.digest !== actual.digest)
    throw new OperationError('INVALID_IMAGE', 'check the digest of a blob', {
      expected: expected.digest,
      actual: actual.digest,
    })
}
