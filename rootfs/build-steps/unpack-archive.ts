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
 * are those of the archive, also with `--chown`, as docker and buildah have it. Links on the way, its
 * own and those of the image, are followed inside the step's root.
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
  using kept = keepFolders(target)
  const writer = createLayerWriter({ root: target.root, lowerFolders: [], onNote: () => undefined })
  let entries = 0
  const reader = createTarReader({
    entry(entry) {
      if (++entries > defaultUnpackLimits.maxEntries)
        throw new OperationError('INVALID_IMAGE', 'unpack an archive', {
          reason: 'too many entries',
        })
      // The destination stays as it is, whatever the archive says of its own top.
      if (cleanPath(entry.name) === '') return false
      const operation = planArchiveEntry(belowTarget(entry, target.path))
      writer.apply(operation)
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
    kept.restore()
  } finally {
    writer.close()
  }
}

/**
 * The writer takes the step's root for a layer's, and gives it a layer's attributes; and files that
 * are added to the destination change its time. Both are put back.
 */
function keepFolders({ root, path }: ArchiveTarget): { restore(): void } & Disposable {
  const opened = ['', path].map((folder) => openFolder(root, folder))
  const before = opened.map((folder) => fstatSync(folder, { bigint: true }))
  return {
    restore() {
      for (const [at, folder] of opened.entries()) {
        const status = before[at]
        if (status) restoreFolder(folder, status)
      }
    },
    [Symbol.dispose]() {
      for (const folder of opened) closeFile(folder)
    },
  }
}

function openFolder(root: number, path: string): number {
  const folder = openAt2(root, rawPath(path === '' ? '.' : path), {
    flags: openFlags.directory | openFlags.noFollow,
    resolve: resolveFlags.beneath | resolveFlags.noSymlinks,
  })
  if (folder >= 0) return folder
  throw new OperationError('SYSCALL_FAILED', 'open the destination of an archive', {
    errno: -folder,
  })
}

function restoreFolder(folder: number, before: BigIntStats): void {
  const { uid, gid, mode, mtimeNs } = before
  const now = fstatSync(folder, { bigint: true })
  // To set what it has already would make it a change of the layer.
  if (now.uid === uid && now.gid === gid && now.mode === mode && now.mtimeNs === mtimeNs) return
  changeOwner(folder, Number(uid), Number(gid))
  changeMode(folder, Number(mode & 0o7777n))
  setTimesAt(folder, null, fileTime(mtimeNs), fileTime(mtimeNs))
}

/** Below the step's root, so that links mean there what they mean in the image. */
function belowTarget(entry: TarEntry, path: string): TarEntry {
  const isHardLink = entry.kind === 'hardlink'
  return {
    ...entry,
    name: `${path}/${cleanPath(entry.name)}`,
    linkName: isHardLink ? `${path}/${cleanPath(entry.linkName)}` : entry.linkName,
  }
}

/** In an archive that is no layer, a name like `.wh.x` is a name like any other. */
function planArchiveEntry(entry: TarEntry): LayerOperation {
  const path = cleanPath(entry.name)
  const { parent, name } = splitPath(path)
  if (!path.includes('.wh.') || entry.kind === 'hardlink') return planEntry(entry)
  return { op: 'make', parent, name, entry }
}
