import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { beginWriteback } from '../../native/file-sync.ts'
import { type BlobSource, readPieces, readStart, reusedPieces } from '../store/blob-source.ts'
import { type UnpackLimits, decompress, detectCompression, unpackLimits } from './decompress.ts'
import { type UnpackedLayer, unpackLayer } from './unpack-layer.ts'

// The heavy work on a layer that lies in a file, as data: so it can be given to another thread. An
// open file belongs to the whole process, and all reading is by position.

export type LayerTask = (UnpackTask | CopyTask | DigestTask) & {
  /** Absent: those of the environment. A thread has the environment it was started with. */
  readonly limits?: UnpackLimits
}

export interface UnpackTask {
  readonly kind: 'unpack'
  readonly source: BlobSource
  /** Existing empty folder that becomes the layer. */
  readonly folder: string
  readonly lowerFolders: readonly string[]
  /** False where nobody needs the digest of the plain tar. */
  readonly isHashed: boolean
}

/** Copy to the open file `target`, and hash. */
export interface CopyTask {
  readonly kind: 'copy'
  readonly source: BlobSource
  readonly target: number
}

/** Hash the source as it is, or what it decompresses to. */
export interface DigestTask {
  readonly kind: 'digest' | 'plain-digest'
  readonly source: BlobSource
}

/** "sha256:…" of what was asked; what else an unpacked layer tells. */
export interface LayerTaskResult {
  readonly digest: string
  readonly unpacked?: UnpackedLayer
}

/** Carry a task out on this thread. @throws {OperationError} */
export async function runLayerTask(
  task: LayerTask,
  onNote: (note: string) => void,
): Promise<LayerTaskResult> {
  if (task.kind === 'copy') return { digest: copy(task) }
  const { kind, source, limits = unpackLimits() } = task
  if (task.kind === 'unpack') return unpack(task, limits, onNote)
  return { digest: kind === 'digest' ? rawDigest(source) : await plainDigest(source, limits) }
}

async function unpack(
  task: UnpackTask,
  limits: UnpackLimits,
  onNote: (note: string) => void,
): Promise<LayerTaskResult> {
  const { source, folder, lowerFolders, isHashed } = task
  const unpacked = await unpackLayer({
    input: piecesOf(source),
    folder,
    lowerFolders,
    isHashed,
    limits,
    onNote,
  })
  return { digest: unpacked.diffId, unpacked }
}

/** A decoder keeps what it was given for a while; the reader of a plain tar does not. */
function piecesOf(source: BlobSource): Generator<Buffer> {
  const isPlain = detectCompression(readStart(source, 4)) === 'none'
  return isPlain ? reusedPieces(source) : readPieces(source)
}

const writebackStep = 16 * 1024 * 1024

function copy({ source, target }: CopyTask): string {
  const hash = createHash('sha256')
  let size = 0
  let begun = 0
  for (const piece of reusedPieces(source)) {
    for (let at = 0; at < piece.length;)
      at += writeSync(target, piece, at, piece.length - at, size + at)
    hash.update(piece)
    size += piece.length
    if (size - begun < writebackStep) continue
    beginWriteback(target, begun, size - begun)
    begun = size
  }
  return `sha256:${hash.digest('hex')}`
}

function rawDigest(source: BlobSource): string {
  const hash = createHash('sha256')
  for (const piece of reusedPieces(source)) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}

/** Digest of the plain tar in a blob. */
async function plainDigest(source: BlobSource, limits: UnpackLimits): Promise<string> {
  const hash = createHash('sha256')
  const compression = detectCompression(readStart(source, 4))
  for await (const piece of decompress(piecesOf(source), compression, limits)) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}
