import { type BigIntStats, fstatSync, readSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import {
  changeMode,
  changeOwner,
  closeFile,
  openAt2,
  openFlags,
  resolveFlags,
  setTimesAt,
} from '../../native/file.ts'
import { defaultUnpackLimits } from '../layer/decompress.ts'
import { rawPath } from '../layer/folder-cache.ts'
import { createLayerWriter } from '../layer/layer-writer.ts'
import { type LayerOperation, cleanPath, planEntry, splitPath } from '../layer/plan.ts'
import type { TarEntry } from '../layer/tar-entry.ts'
import { createTarReader } from '../layer/tar-reader.ts'
import { isTarHeader, openPlainArchive } from './plain-archive.ts'
import { fileTime } from './read-source.ts'

/** Where an archive goes: a folder below the step's root that exists. */
export interface ArchiveTarget {
  readonly root: number
  readonly path: string
}

/**
 * Unpack a local archive, as ADD does: tar, plain or compressed with gzip, bzip2, xz or zstd. Owners
 * are those of the archive, also with `--chown`, as docker and buildah have it. Links in it are
 * followed inside the folder that it is unpacked to.
 *
 * @param descriptor the file, open for reading
 * @param makeTarget called once it is known to be an archive
 * @returns false where it is none: the file is copied as it is then
 * @throws {OperationError} `INVALID_IMAGE` for a damaged or hostile archive; `UNSUPPORTED` where the
 *   program that unpacks xz or bzip2 is missing
 */
export async function unpackArchive(
  descriptor: number,
  makeTarget: () => ArchiveTarget,
): Promise<boolean> {
  const start = Buffer.alloc(512)
  const count = readSync(descriptor, start, 0, start.length, 0)
  const pieces = await openPlainArchive(descriptor, start.subarray(0, count))
  if (!pieces) return false
  const iterator = pieces[Symbol.asyncIterator]()
  try {
    let first = Buffer.alloc(0)
    while (first.length < 512) {
      const next = await iterator.next()
      if (next.done) break
      first = Buffer.concat([first, next.value])
    }
    if (!isTarHeader(first)) return false
    await writeArchive(first, iterator, makeTarget())
    return true
  } finally {
    await iterator.return?.()
  }
}

async function writeArchive(
  first: Buffer,
  rest: AsyncIterator<Buffer>,
  target: ArchiveTarget,
): Promise<void> {
  const folder = openTarget(target)
  const before = fstatSync(folder, { bigint: true })
  const writer = createLayerWriter({ root: folder, lowerFolders: [], onNote: () => undefined })
  let entries = 0
  const reader = createTarReader({
    entry(entry) {
      if (++entries > defaultUnpackLimits.maxEntries)
        throw new OperationError('INVALID_IMAGE', 'unpack an archive', {
          reason: 'too many entries',
        })
      const operation = planArchiveEntry(entry)
      // The destination stays as it is, whatever the archive says of its own top.
      if (operation.op !== 'root') writer.apply(operation)
      return operation.op === 'make' && entry.kind === 'file'
    },
    data: (chunk) => writer.data(chunk),
    end: () => writer.endFile(),
  })
  try {
    reader.push(first)
    for (let next = await rest.next(); !next.done; next = await rest.next()) reader.push(next.value)
    reader.finish()
    writer.finish()
    restoreFolder(folder, before)
  } finally {
    writer.close()
    closeFile(folder)
  }
}

function openTarget({ root, path }: ArchiveTarget): number {
  const folder = openAt2(root, rawPath(path === '' ? '.' : path), {
    flags: openFlags.directory | openFlags.noFollow,
    resolve: resolveFlags.beneath | resolveFlags.noSymlinks,
  })
  if (folder >= 0) return folder
  throw new OperationError('SYSCALL_FAILED', 'open the destination of an archive', {
    errno: -folder,
  })
}

/** The writer takes the folder for a layer's root, and gives it a root's attributes. */
function restoreFolder(folder: number, before: BigIntStats): void {
  const { uid, gid, mode, mtimeNs } = before
  changeOwner(folder, Number(uid), Number(gid))
  changeMode(folder, Number(mode & 0o7777n))
  setTimesAt(folder, null, fileTime(mtimeNs), fileTime(mtimeNs))
}

/** In an archive that is no layer, a name like `.wh.x` is a name like any other. */
function planArchiveEntry(entry: TarEntry): LayerOperation {
  const path = cleanPath(entry.name)
  const { parent, name } = splitPath(path)
  if (!path.includes('.wh.') || entry.kind === 'hardlink') return planEntry(entry)
  return { op: 'make', parent, name, entry }
}
