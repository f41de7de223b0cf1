import { createHash, randomUUID } from 'node:crypto'
import { renameSync, rmSync, statSync } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lock } from '../../native/lock.ts'
import type { ImageStore } from '../store/image-store.ts'
import { blobPath } from '../store/store-folders.ts'
import { hashFile } from './hash-file.ts'
import { digestOf } from '../digest.ts'
import { algorithmOf } from './names.ts'
import { syncFile } from './receive-body.ts'
import { refusal } from './registry-error.ts'
import type { Registry } from './registry.ts'
import type { OpenUpload } from './upload-files.ts'

/** Content that is in the store. */
export interface StoredContent {
  /** "sha256:…" */
  readonly content: string
  readonly size: number
}

/**
 * Check an upload against the digest that its client says it has, and give it its name in the store.
 *
 * @param enter writes down who needs the content; it runs before anybody could remove it
 * @throws {RegistryError} `DIGEST_INVALID`; nothing is stored then, and the upload is gone
 */
export async function commitUpload(
  store: ImageStore,
  upload: OpenUpload,
  digest: string,
  enter: (stored: StoredContent) => void,
): Promise<StoredContent> {
  const content = `sha256:${upload.hash.copy().digest('hex')}`
  const actual = algorithmOf(digest) === 'sha256' ? content : await sha512Of(upload)
  if (actual !== digest) {
    await upload.remove()
    throw refusal(400, 'DIGEST_INVALID', 'the content has another digest', {
      detail: { expected: digest, actual, size: upload.size },
    })
  }
  await syncFile(upload)
  const stored = { content, size: upload.size }
  await adopt(store, upload.path, stored, () => enter(stored))
  await upload.remove()
  return stored
}

/** Store a manifest, as {@link commitUpload} does with an upload. */
export async function commitBytes(
  { store, uploads }: Registry,
  bytes: Buffer,
  enter: (stored: StoredContent) => void,
): Promise<void> {
  const stored = { content: digestOf(bytes, 'sha256'), size: bytes.length }
  const path = join(uploads.folder, `document-${randomUUID()}`)
  try {
    await writeFile(path, bytes, { flag: 'wx', mode: 0o600, flush: true })
    await adopt(store, path, stored, () => enter(stored))
  } finally {
    rmSync(path, { force: true })
  }
}

async function sha512Of({ file, size }: OpenUpload): Promise<string> {
  const hash = createHash('sha512')
  await hashFile(file, size, hash)
  return `sha512:${hash.digest('hex')}`
}

/**
 * Rename a whole and synced file to the name of its content, unless the store has that already.
 * Under the shared content lock, which keeps every sweep away until `enter` has named a root.
 */
async function adopt(
  { folders }: ImageStore,
  path: string,
  { content, size }: StoredContent,
  enter: () => void,
): Promise<void> {
  const target = blobPath(folders, content)
  const held = await lock(folders.contentLock, 'shared')
  try {
    if (statSync(target, { throwIfNoEntry: false })?.size !== size) {
      renameSync(path, target)
      await syncFolder(folders.blobs)
    }
    // Where this fails the content stays without an owner until the next sweep.
    enter()
  } finally {
    held.release()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
