import { type Hash, createHash } from 'node:crypto'
import { closeSync, fstatSync, readSync } from 'node:fs'
import { openFlags } from '../../native/file.ts'
import type { DigestCache } from './digest-cache.ts'
import { copiedAttributes } from './copied-attributes.ts'
import type { FileSource } from './file-source.ts'
import { openSourceFile } from './read-source.ts'
import type { SelectedSource, SourceFile } from './source-file.ts'

const pieceSize = 1024 * 1024

/**
 * One digest of everything that a COPY takes: names, kinds, modes, owners where they are kept,
 * targets of links, extended attributes, content. Times are no part of it: a fresh checkout of the
 * same files gives the same digest.
 *
 * @returns "sha256:…"
 * @throws {OperationError} `INVALID_ARGUMENT` for a file that cannot be read, or was replaced meanwhile
 */
export function digestSources(
  source: FileSource,
  selected: readonly SelectedSource[],
  cache?: DigestCache,
): string {
  const hash = createHash('sha256')
  for (const { base, parents, files } of selected) {
    hash.update(`match\0${base}\0${parents.length}\0${files.length}\0`, 'latin1')
    for (const file of [...parents, ...files]) addFile(hash, source, file, cache)
  }
  return `sha256:${hash.digest('hex')}`
}

function addFile(
  hash: Hash,
  source: FileSource,
  file: SourceFile,
  cache: DigestCache | undefined,
): void {
  const owner = source.keepsOwners ? `${file.uid}:${file.gid}` : ''
  const what = file.kind === 'symlink' ? (file.target ?? '') : String(file.rdev)
  // A link has no mode of its own.
  const mode = file.kind === 'symlink' ? 0 : file.mode
  hash.update(`${file.relative}\0${file.kind}\0${mode}\0${owner}\0${what}\0`, 'latin1')
  if (file.kind === 'file') hash.update(fileDigest(source, file, cache))
  if (file.kind === 'file' || file.kind === 'directory')
    for (const [name, value] of copiedAttributes(source, file))
      hash.update(`${name}\0${value.length}\0`, 'latin1').update(value)
}

/** Digest of a regular file's content. */
export function fileDigest(source: FileSource, file: SourceFile, cache?: DigestCache): string {
  const key = `${file.device}:${file.inode}:${file.size}:${file.mtime.seconds}.${file.mtime.nanoseconds}:${file.changed}`
  const known = cache?.get(key)
  if (known !== undefined) return known
  const digest = readDigest(source, file.path)
  cache?.set(key, digest)
  return digest
}

let piece: Buffer | undefined

function readDigest(source: FileSource, path: string): string {
  const hash = createHash('sha256')
  piece ??= Buffer.allocUnsafeSlow(pieceSize)
  const descriptor = openSourceFile(source, path, openFlags.nonBlock)
  try {
    if (fstatSync(descriptor).isFile())
      for (;;) {
        const count = readSync(descriptor, piece)
        if (count === 0) break
        hash.update(piece.subarray(0, count))
      }
  } finally {
    closeSync(descriptor)
  }
  return `sha256:${hash.digest('hex')}`
}
