import { readdirSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import { diffLayer } from '../layer/diff-layer.ts'
import { adoptLayer } from '../store/adopt-layer.ts'
import { type StoredLayer, knownLayer, nextChainId } from '../store/layer-note.ts'
import type { Lease } from '../store/lease.ts'
import { type BlobWriter, createBlobWriter } from '../store/write-blob.ts'
import { clampTimes } from './clamp-times.ts'
import { takeBreaths } from './take-breaths.ts'
import { type StepFolder, likeRootBelow } from './step-folder.ts'

export interface CommitOptions {
  /** Chain ids of the layers below, lowest first. */
  readonly below: readonly string[]
  /** SOURCE_DATE_EPOCH, seconds since 1970: later times become this one. */
  readonly epoch?: number | undefined
  /** Told what no layer can hold (sockets). */
  readonly onNote: (note: string) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Make what a step changed a layer of the store. The upper folder itself becomes the unpacked layer:
 * it is read once, for the tar and its digest, and nothing is written a second time. The blob is in
 * the store after `settleCommits` only.
 *
 * @returns undefined where the step changed nothing
 * @throws {OperationError} `UNSUPPORTED` for an upper folder with redirect_dir or metacopy
 */
export async function commitStep(
  lease: Lease,
  step: StepFolder,
  { below, epoch, onNote, signal }: CommitOptions,
): Promise<StoredLayer | undefined> {
  if (readdirSync(step.upper).length === 0) return undefined
  likeRootBelow(step)
  if (epoch !== undefined) clampTimes(step.upper, epoch)
  const blob = createBlobWriter(lease)
  try {
    const pieces = diffLayer({ upper: step.upper, latestTime: epoch, onNote })
    const breathe = takeBreaths(signal)
    for (const piece of pieces) {
      blob.write(piece)
      await breathe(piece.length)
    }
    const digest = blob.digest()
    const chainId = nextChainId(below, digest)
    const layer = {
      digest,
      blobSize: blob.size,
      compression: 'none',
      diffId: digest,
      chainId,
      size: blob.size,
    } as const
    await lease.hold(chainId, digest)
    const known = knownLayer(lease.folders, chainId, digest)
    if (known) blob.discard()
    else {
      await adoptLayer(lease, step.path, layer)
      storeInBackground(lease, blob)
    }
    return known ?? layer
  } catch (error) {
    blob.discard()
    throw explained(error)
  }
}

/** Blobs on their way to disk, by the lease of their build. */
const unsettled = new WeakMap<Lease, Promise<unknown>[]>()

/** The next step needs the layer's folder alone: it does not wait for the disk to have the blob. */
function storeInBackground(lease: Lease, blob: BlobWriter): void {
  const stored = blob.commit().finally(() => blob.discard())
  // Whoever settles is told.
  stored.catch(() => undefined)
  const others = unsettled.get(lease)
  if (others) others.push(stored)
  else unsettled.set(lease, [stored])
}

/**
 * Wait until the blobs of all layers that were committed under a lease are on disk and in their
 * places. Nothing that outlives the lease may refer to them before.
 *
 * @throws {OperationError} `SYSCALL_FAILED`, e.g. ENOSPC
 */
export async function settleCommits(lease: Lease): Promise<void> {
  const stored = unsettled.get(lease) ?? []
  unsettled.delete(lease)
  for (const outcome of await Promise.allSettled(stored))
    if (outcome.status === 'rejected') throw explained(outcome.reason)
}

/** A bare "ENOSPC, write" says neither what was written nor what can be done. */
function explained(error: unknown): unknown {
  const errno = ['ENOSPC', 'EDQUOT'].find((code) => isSystemError(error, code))
  if (errno === undefined) return error
  return new OperationError(
    'SYSCALL_FAILED',
    'store the layer of a step',
    { errno },
    {
      hint: 'The disk of the image store is full: give some of it back with "myimage prune"',
      exitCode: 1,
    },
  )
}
