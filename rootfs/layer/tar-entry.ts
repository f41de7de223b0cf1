import type { FileTime } from '../../native/file.ts'
import { paxInteger, paxTime } from './pax.ts'
import { type SparseChunk, parsePaxSparseMap } from './sparse-map.ts'
import type { TarHeader } from './tar-header.ts'

export type TarEntryKind =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo'

/** One member of an archive. Names have one character per byte. */
export interface TarEntry {
  readonly kind: TarEntryKind
  readonly name: string
  readonly linkName: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of the file as it will be on disk; 0 for everything but files. */
  readonly size: number
  /** Bytes in the archive; less than `size` for a sparse file. */
  readonly storedSize: number
  readonly mtime: FileTime
  readonly devMajor: number
  readonly devMinor: number
  readonly xattrs: ReadonlyMap<string, Buffer>
  /** Where the stored bytes belong, for a sparse file. */
  readonly sparse: readonly SparseChunk[] | undefined
}

/** What PAX and GNU headers said about the entry that follows them. */
export interface EntryOverrides {
  name?: string
  linkName?: string
  pax?: Map<string, Buffer>
  paxSparse?: SparseChunk[]
}

const kinds: Readonly<Record<string, TarEntryKind>> = {
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
}
const xattrPrefix = 'SCHILY.xattr.'
const noAttributes: ReadonlyMap<string, Buffer> = new Map()

/** @returns undefined for a type that is no file (volume labels and the like) */
export function makeEntry(header: TarHeader, overrides: EntryOverrides): TarEntry | undefined {
  const pax = overrides.pax
  const path = pax?.get('GNU.sparse.name') ?? pax?.get('path')
  const name = path?.toString('latin1') ?? overrides.name ?? header.name
  const kind = kindOf(header, name)
  if (kind === undefined) return undefined
  const storedSize = kind === 'file' ? storedSizeOf(header, pax) : 0
  return {
    kind,
    name,
    linkName: pax?.get('linkpath')?.toString('latin1') ?? overrides.linkName ?? header.linkName,
    mode: header.mode,
    uid: integer(pax, 'uid') ?? header.uid,
    gid: integer(pax, 'gid') ?? header.gid,
    size: kind === 'file' ? (realSize(pax) ?? storedSize) : 0,
    storedSize,
    mtime: modificationTime(header, pax),
    devMajor: header.devMajor,
    devMinor: header.devMinor,
    xattrs: attributes(pax),
    sparse: kind === 'file' ? sparseMap(overrides) : undefined,
  }
}

function kindOf(header: TarHeader, name: string): TarEntryKind | undefined {
  // Archives older than ustar have no type for a directory: its name ends in a slash.
  if (header.type === '0' && name.endsWith('/')) return 'directory'
  return Object.hasOwn(kinds, header.type) ? kinds[header.type] : undefined
}

/** Bytes of data that follow a header. Links, devices and folders have none, whatever they claim. */
export function storedSizeOf(header: TarHeader, pax: Map<string, Buffer> | undefined): number {
  if (header.type >= '1' && header.type <= '6') return 0
  return integer(pax, 'size') ?? header.size
}

/** Whether the file's data begins with its map: PAX sparse 1.0. */
export function hasSparseDataMap(pax: Map<string, Buffer> | undefined): boolean {
  return pax?.get('GNU.sparse.major')?.toString('latin1') === '1'
}

function realSize(pax: Map<string, Buffer> | undefined): number | undefined {
  return integer(pax, 'GNU.sparse.realsize') ?? integer(pax, 'GNU.sparse.size')
}

function sparseMap(overrides: EntryOverrides): readonly SparseChunk[] | undefined {
  const map = overrides.pax?.get('GNU.sparse.map')
  if (map) return parsePaxSparseMap(map.toString('latin1'))
  return overrides.paxSparse
}

function modificationTime(header: TarHeader, pax: Map<string, Buffer> | undefined): FileTime {
  const mtime = pax?.get('mtime')
  return mtime ? paxTime(mtime, 'mtime') : { seconds: header.mtime, nanoseconds: 0 }
}

function attributes(pax: Map<string, Buffer> | undefined): ReadonlyMap<string, Buffer> {
  if (!pax) return noAttributes
  const found = new Map<string, Buffer>()
  for (const [key, value] of pax)
    if (key.startsWith(xattrPrefix)) found.set(key.slice(xattrPrefix.length), value)
  return found
}

function integer(pax: Map<string, Buffer> | undefined, key: string): number | undefined {
  const value = pax?.get(key)
  return value === undefined ? undefined : paxInteger(value, key)
}
