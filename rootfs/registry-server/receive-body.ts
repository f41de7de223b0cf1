import type { Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

/**
 * Two pieces of a connection: while they are in the processor's cache, writing costs a third of what it
 * costs for a megabyte.
 */
const batchSize = 128 * 1024
/** The disk begins early with what must be on it at the end. */
const syncSize = 16 * 1024 * 1024

/** A file that is being written, with the hash of what it has. */
export interface HashedFile {
  readonly file: FileHandle
  readonly hash: Hash
  /** Bytes in the file. */
  size: number
  /** Bytes in the hash: more than in the file where writing failed. */
  hashed: number
  /** Bytes that were written when the last early synchronisation began, and its end. */
  synced: number
  syncing: Promise<void>
  isSyncing: boolean
}

/**
 * Append a body to a file. Writing goes on in the thread pool while the next bytes are received and
 * hashed; not more than a few batches are ever in memory. What came before a failure of the
 * connection is in the file and in the hash.
 *
 * @param limit bytes that may still come
 * @param tooLong makes the error for a body that is longer
 */
export async function appendBody(
  body: AsyncIterable<Buffer>,
  target: HashedFile,
  limit: number,
  tooLong: () => Error,
): Promise<void> {
  let batch: Buffer[] = []
  let batched = 0
  let received = 0
  let writing: Promise<void> = Promise.resolve()
  const flush = async (): Promise<void> => {
    await writing
    const [pieces, length] = [batch, batched]
    batch = []
    batched = 0
    writing = writeAll(target, pieces, length)
    // It is awaited before the next one; until then a failure must not count as unhandled.
    writing.catch(() => undefined)
  }
  try {
    for await (const piece of body) {
      received += piece.length
      if (received > limit) throw tooLong()
      target.hash.update(piece)
      target.hashed += piece.length
      batch.push(piece)
      batched += piece.length
      if (batched >= batchSize) await flush()
    }
  } finally {
    await flush()
    await writing
  }
}

async function writeAll(target: HashedFile, pieces: Buffer[], length: number): Promise<void> {
  if (length === 0) return
  const { bytesWritten } = await target.file.writev(pieces, target.size)
  target.size += bytesWritten
  if (bytesWritten === length) {
    syncEarly(target)
    return
  }
  // The disk is full, or will say so to the rest.
  const rest = Buffer.concat(pieces).subarray(bytesWritten)
  await writeAll(target, [rest], rest.length)
}

/**
 * Have the kernel write while more is received. One at a time; a failure is kept for whoever awaits
 * `syncing`, because the kernel tells it only once.
 */
function syncEarly(target: HashedFile): void {
  if (target.isSyncing || target.size - target.synced < syncSize) return
  target.synced = target.size
  target.isSyncing = true
  target.syncing = Promise.all([target.syncing, target.file.datasync()]).then(() => {
    target.isSyncing = false
  })
  target.syncing.catch(() => undefined)
}

/** Have all of it on the disk. @throws what writing any of it met */
export async function syncFile(target: HashedFile): Promise<void> {
  await target.syncing
  await target.file.sync()
}
