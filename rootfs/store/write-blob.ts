import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fstatSync,
  fsync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runOnThread } from '../layer/worker-pool.ts'
import type { BlobSource } from './blob-source.ts'
import { requireMatch } from './ingest-blob.ts'
import type { Lease } from './lease.ts'
import { blobPath } from './store-folders.ts'

/** A blob on its way into the store. It is in the store only after `commit`. */
export interface BlobWriter {
  /** Bytes written so far. */
  readonly size: number
  write(chunk: Buffer): void
  /** Fill the blob, which is empty, from a file, on another thread where that pays. */
  copy(source: BlobSource): Promise<void>
  /** Its digest; no bytes follow. */
  digest(): string
  /**
   * Check size and digest, make the blob durable and put it in its place.
   *
   * @returns its digest
   * @throws {OperationError} `INVALID_IMAGE` on a mismatch; nothing is stored then
   */
  commit(expected?: { digest?: string | undefined; size?: number | undefined }): Promise<string>
  /** Forget it; harmless after `commit`. */
  discard(): void
}

export function createBlobWriter(lease: Lease): BlobWriter {
  const { folders } = lease
  const path = join(lease.folder, `blob-${randomUUID()}`)
  const descriptor = openSync(path, 'wx', 0o600)
  const hash = createHash('sha256')
  let size = 0
  let copied: string | undefined
  let open = true
  const close = (): void => {
    if (open) closeSync(descriptor)
    open = false
  }
  let final: string | undefined
  const digestOf = (): string => (final ??= copied ?? `sha256:${hash.digest('hex')}`)
  return {
    digest: digestOf,
    get size() {
      return size
    },
    write(chunk) {
      hash.update(chunk)
      size += chunk.length
      let at = 0
      while (at < chunk.length) at += writeSync(descriptor, chunk, at)
    },
    async copy(source) {
      const task = { kind: 'copy', source, target: descriptor } as const
      copied = (await runOnThread(task, () => undefined)).digest
      size = fstatSync(descriptor).size
    },
    async commit(expected = {}) {
      const digest = digestOf()
      requireMatch({ digest, size }, expected)
      await lease.hold(digest)
      if (!existsSync(blobPath(folders, digest))) {
        await promisify(fsync)(descriptor)
        renameSync(path, blobPath(folders, digest))
      }
      close()
      rmSync(path, { force: true })
      return digest
    },
    discard() {
      close()
      rmSync(path, { force: true })
    },
  }
}

/** Store a small blob, a manifest or a configuration. */
export async function storeBlob(
  lease: Lease,
  content: Buffer,
  expectedDigest?: string,
): Promise<string> {
  const writer = createBlobWriter(lease)
  try {
    writer.write(content)
    return await writer.commit({ digest: expectedDigest })
  } finally {
    writer.discard()
  }
}

/** Copy a blob from a file into the store, unless it is there. @throws {OperationError} `INVALID_IMAGE` */
export async function copyBlob(lease: Lease, source: BlobSource, digest: string): Promise<void> {
  await lease.hold(digest)
  if (existsSync(blobPath(lease.folders, digest))) return
  const writer = createBlobWriter(lease)
  try {
    await writer.copy(source)
    await writer.commit({ digest, size: source.size })
  } finally {
    writer.discard()
  }
}
