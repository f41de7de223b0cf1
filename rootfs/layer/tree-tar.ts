import { type BigIntStats, closeSync, openSync, readSync, readdirSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { closeFile, openFlags } from '../../native/file.ts'
import { rawPath } from './folder-cache.ts'
import {
  attributesOf,
  worthwhileStretches,
  deviceParts,
  isWhiteoutDevice,
  linkText,
  memberType,
  modificationTime,
  openName,
  statusOf,
} from './folder-entry.ts'
import { type PieceBuffer, createPieceBuffer } from './piece-buffer.ts'
import type { SparseChunk } from './sparse-map.ts'
import { type TarMember, endOfArchive, formatTarHeader, paddingSize } from './tar-writer.ts'

export interface TreeTarOptions {
  /** Absolute path of a folder that this program alone may rename. */
  readonly folder: string
  /** It is the upper folder of an overlay: its whiteouts and opaque folders become those of OCI. */
  readonly isUpper?: boolean | undefined
  /** Paths to leave out with all below them: relative, one character per byte. */
  readonly exclude?: readonly string[] | undefined
  /** What an owner is called in the archive; absent: as on the disk. */
  readonly ownerOf?: ((uid: number, gid: number) => FileOwner) | undefined
  /** Seconds since 1970; later times become this one (SOURCE_DATE_EPOCH). */
  readonly latestTime?: number | undefined
  /** Told what no archive can hold. */
  readonly onNote?: ((note: string) => void) | undefined
}

export interface FileOwner {
  readonly uid: number
  readonly gid: number
}

interface Walk {
  readonly options: TreeTarOptions
  readonly exclude: ReadonlySet<string>
  readonly out: PieceBuffer
  /** First name of a file with several, by device and inode. */
  readonly firstNames: Map<string, string>
}

interface Folder {
  readonly path: string
  readonly file: number
  /** Names that are still to be done, last first. */
  readonly names: string[]
}

/**
 * A folder as a plain tar, in pieces: parents first, names sorted by their bytes, so that the same
 * tree gives the same bytes on any machine. Modes, owners, times, extended attributes, hard links,
 * holes, devices and FIFOs are kept; sockets are left out. Nothing is followed.
 *
 * @throws {OperationError} `UNSUPPORTED` where an upper folder refers to files of the layers below
 */
export function* treeTar(options: TreeTarOptions): Generator<Buffer> {
  const walk: Walk = {
    options,
    exclude: new Set(options.exclude),
    out: createPieceBuffer(),
    firstNames: new Map(),
  }
  const top = openSync(options.folder, openFlags.directory | openFlags.noFollow)
  const open: Folder[] = [{ path: '', file: top, names: namesIn(top) }]
  try {
    for (let folder = open.at(-1); folder; folder = open.at(-1)) {
      const name = folder.names.pop()
      if (name === undefined) closeFile(open.pop()?.file ?? -1)
      else yield* giveName(walk, folder, name, open)
    }
    walk.out.add(endOfArchive)
    yield* walk.out.rest()
  } finally {
    for (const { file } of open) closeFile(file)
  }
}

function namesIn(folder: number): string[] {
  // Through our own /proc: the descriptor, not a path, says which folder it is.
  return readdirSync(`/proc/self/fd/${folder}`, 'latin1').toSorted(compareBytes).toReversed()
}

/** By code unit, which for one character per byte is by byte: the order must not depend on a locale. */
function compareBytes(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

function* giveName(walk: Walk, folder: Folder, name: string, open: Folder[]): Generator<Buffer> {
  const path = folder.path === '' ? name : `${folder.path}/${name}`
  if (walk.exclude.has(path)) return
  const file = openName(folder.file, rawPath(name), path)
  try {
    const status = statusOf(file)
    if (walk.options.isUpper && isWhiteoutDevice(status)) giveWhiteout(walk, folder.path, name)
    else if (status.isDirectory()) giveFolder(walk, path, file, status, open)
    else yield* giveFile(walk, { path, file, status, parent: folder.path, name })
    yield* walk.out.full()
  } finally {
    closeFile(file)
  }
}

interface Named {
  readonly path: string
  readonly parent: string
  readonly name: string
  /** Opened with `O_PATH`. */
  readonly file: number
  readonly status: BigIntStats
}

function giveWhiteout({ out, options }: Walk, parent: string, name: string): void {
  const path = `${parent === '' ? '' : `${parent}/`}.wh.${name}`
  const mtime = options.latestTime ?? 0
  out.add(formatTarHeader({ type: 'file', name: path, mode: 0, uid: 0, gid: 0, size: 0, mtime }))
}

function giveFolder(
  walk: Walk,
  path: string,
  file: number,
  status: BigIntStats,
  open: Folder[],
): void {
  const { kept, overlay } = attributesOf(file)
  if (overlay.has('redirect')) throw refersBelow(path, 'redirect_dir')
  const member = memberOf(walk, { path: `${path}/`, status }, 'directory')
  walk.out.add(formatTarHeader({ ...member, xattrs: kept }))
  if (walk.options.isUpper && overlay.get('opaque')?.toString('latin1') === 'y')
    giveWhiteout(walk, path, '.wh..opq')
  const folder = openSync(`/proc/self/fd/${file}`, openFlags.directory)
  open.push({ path, file: folder, names: namesIn(folder) })
}

function* giveFile(walk: Walk, named: Named): Generator<Buffer> {
  const { path, file, status } = named
  const type = memberType(status)
  if (type === undefined) return walk.options.onNote?.('sockets were left out')
  const { kept, overlay } = attributesOf(file)
  if (overlay.has('metacopy')) throw refersBelow(path, 'metacopy')
  if (walk.options.isUpper && overlay.has('whiteout'))
    return giveWhiteout(walk, named.parent, named.name)
  const first = linkedBefore(walk, status, path)
  if (first !== undefined) {
    const member = memberOf(walk, named, 'hardlink')
    walk.out.add(formatTarHeader({ ...member, linkName: first }))
  } else if (type === 'file') yield* giveRegular(walk, named, kept)
  else {
    const extra = type === 'symlink' ? { linkName: linkText(file) } : deviceParts(status.rdev)
    walk.out.add(formatTarHeader({ ...memberOf(walk, named, type), xattrs: kept, ...extra }))
  }
}

function linkedBefore({ firstNames }: Walk, status: BigIntStats, path: string): string | undefined {
  if (status.nlink < 2n) return undefined
  const key = `${status.dev}:${status.ino}`
  const first = firstNames.get(key)
  if (first === undefined) firstNames.set(key, path)
  return first
}

function* giveRegular(
  walk: Walk,
  named: Named,
  xattrs: ReadonlyMap<string, Buffer>,
): Generator<Buffer> {
  const { out } = walk
  const file = openSync(`/proc/self/fd/${named.file}`, openFlags.nonBlock | openFlags.noCtty)
  try {
    const size = Number(named.status.size)
    const sparse = worthwhileStretches(file, named.status)
    const member = memberOf(walk, named, 'file')
    out.add(formatTarHeader({ ...member, size, xattrs, ...(sparse ? { sparse } : {}) }))
    const stretches: readonly SparseChunk[] = sparse ?? [{ offset: 0, size }]
    let stored = 0
    for (const stretch of stretches) {
      stored += stretch.size
      yield* giveStretch(out, file, stretch)
    }
    out.zeros(paddingSize(stored))
  } finally {
    closeSync(file)
  }
}

/** Exactly so many bytes, whatever becomes of the file meanwhile. */
function* giveStretch(
  out: PieceBuffer,
  file: number,
  { offset, size }: SparseChunk,
): Generator<Buffer> {
  for (let at = 0; at < size;) {
    const room = out.room(size - at)
    const count = readSync(file, room, 0, room.length, offset + at)
    if (count === 0) room.fill(0)
    const length = count === 0 ? room.length : count
    out.advance(length)
    at += length
    yield* out.full()
  }
}

function memberOf(
  { options }: Walk,
  { path, status }: Pick<Named, 'path' | 'status'>,
  type: TarMember['type'],
): TarMember {
  const { seconds, nanoseconds } = modificationTime(status, options.latestTime)
  const [uid, gid] = [Number(status.uid), Number(status.gid)]
  return {
    type,
    name: path,
    mode: Number(status.mode & 0o7777n),
    ...(options.ownerOf?.(uid, gid) ?? { uid, gid }),
    size: 0,
    mtime: seconds,
    nanoseconds,
  }
}

function refersBelow(path: string, feature: string): OperationError {
  return new OperationError(
    'UNSUPPORTED',
    'read an upper folder',
    { path: JSON.stringify(Buffer.from(path, 'latin1').toString()), feature },
    {
      hint: `Its content lies in the layers below: mount the overlay with ${feature}=off`,
    },
  )
}
