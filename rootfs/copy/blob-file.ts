import { createHash, randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { digestAlgorithm } from '../digest.ts'
import type { BlobOffer } from './image-destination.ts'

/**
 * Write a blob to a file of a folder that others may read: under another name until its size and
 * digest are right.
 *
 * @throws {OperationError} `INVALID_IMAGE` on a mismatch; nothing is left then
 */
export async function writeBlobFile(
  path: string,
  { blob, read, onPosition }: BlobOffer,
): Promise<void> {
  const { digest, size } = blob
  const temporary = `${path}.${randomUUID()}.tmp`
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(temporary, 'wx', 0o644)
  const algorithm = digestAlgorithm(digest)
  const hash = createHash(algorithm)
  let position = 0
  try {
    for await (const piece of read(0)) {
      hash.update(piece)
      for (let at = 0; at < piece.length;) at += writeSync(file, piece, at)
      position += piece.length
      onPosition(position)
    }
    requireMatch(digest, size, `${algorithm}:${hash.digest('hex')}`, position)
    renameSync(temporary, path)
  } finally {
    closeSync(file)
    rmSync(temporary, { force: true })
  }
}

/** Replace a small file in one step. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${randomUUID()}.tmp`
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(temporary, 'wx', 0o644)
  try {
    const bytes = Buffer.from(content)
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
    fsyncSync(file)
    renameSync(temporary, path)
  } finally {
    closeSync(file)
    rmSync(temporary, { force: true })
  }
}

function requireMatch(digest: string, size: number, actual: string, position: number): void {
  if (position !== size)
    throw new OperationError('INVALID_IMAGE', 'check the size of a blob', {
      digest,
      declared: size,
      actual: position,
    })
  if (actual !== digest)
    throw new OperationError('INVALID_IMAGE', 'check the digest of a blob', {
      expected: digest,
      actual,
    })
}
