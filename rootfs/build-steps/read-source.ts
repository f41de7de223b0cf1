import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import { errnoName } from '../../native/errno.ts'
import { OperationError } from '../../native/error.ts'
import {
  type FileTime,
  closeFile,
  openAt2,
  openFlags,
  readLinkAt,
  resolveFlags,
} from '../../native/file.ts'
import { rawPath } from '../layer/folder-cache.ts'
import type { FileSource } from './file-source.ts'
import { fromRaw } from '../../native/raw-text.ts'
import type { SourceFile, SourceKind } from './source-file.ts'

const beneath = resolveFlags.beneath | resolveFlags.noSymlinks | resolveFlags.noMagicLinks

/**
 * Open a file below the root of a source that was found before. Whoever swaps a link into the path
 * since gains an error.
 *
 * @param path without symbolic links; "" is the root
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function openSourceFile(source: FileSource, path: string, flags: number): number {
  const how = { flags: flags | openFlags.noFollow, resolve: beneath }
  const file = openAt2(source.root, rawPath(path === '' ? '.' : path), how)
  if (file >= 0) return file
  throw new OperationError('INVALID_ARGUMENT', `read ${fromRaw(path)} of ${source.name}`, {
    errno: errnoName(-file),
  })
}

/** Names in an open folder, in byte order. */
export function listFolder(folder: number): string[] {
  return readdirSync(`/proc/self/fd/${folder}`, 'latin1').toSorted()
}

/** lstat(2) of a name in an open folder. */
export function statusIn(folder: number, name: string): BigIntStats {
  const path = Buffer.from(`/proc/self/fd/${folder}/${name}`, 'latin1')
  return lstatSync(path, { bigint: true })
}

/** @returns undefined for a socket: it means nothing elsewhere */
export function describeFile(
  folder: number,
  names: { readonly path: string; readonly relative: string; readonly name: string },
): SourceFile | undefined {
  const status = statusIn(folder, names.name)
  const kind = kindOf(status)
  if (kind === undefined) return undefined
  return {
    path: names.path,
    relative: names.relative,
    kind,
    mode: Number(status.mode & 0o7777n),
    uid: Number(status.uid),
    gid: Number(status.gid),
    size: Number(status.size),
    mtime: fileTime(status.mtimeNs),
    device: status.dev,
    inode: status.ino,
    links: Number(status.nlink),
    changed: status.ctimeNs,
    rdev: status.rdev,
    ...(kind === 'symlink' ? { target: linkTarget(folder, names.name) } : {}),
  }
}

function kindOf(status: BigIntStats): SourceKind | undefined {
  if (status.isFile()) return 'file'
  if (status.isDirectory()) return 'directory'
  if (status.isSymbolicLink()) return 'symlink'
  if (status.isFIFO()) return 'fifo'
  if (status.isCharacterDevice()) return 'character-device'
  return status.isBlockDevice() ? 'block-device' : undefined
}

/** Nanoseconds since 1970 as seconds and a fraction that counts upwards. */
export function fileTime(nanoseconds: bigint): FileTime {
  const fraction = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return {
    seconds: Number((nanoseconds - fraction) / 1_000_000_000n),
    nanoseconds: Number(fraction),
  }
}

function linkTarget(folder: number, name: string): string {
  const target = readLinkAt(folder, rawPath(name))
  if (typeof target !== 'number') return target.toString('latin1')
  throw new OperationError('INVALID_ARGUMENT', `read the link ${fromRaw(name)}`, {
    errno: errnoName(-target),
  })
}

/** Run `work` with an open folder of a source. */
export function withFolder<Result>(
  source: FileSource,
  path: string,
  work: (folder: number) => Result,
): Result {
  const folder = openSourceFile(source, path, openFlags.directory)
  try {
    return work(folder)
  } finally {
    closeFile(folder)
  }
}
