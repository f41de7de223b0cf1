import { type BigIntStats, fstatSync } from 'node:fs'
import { type FileTime, type PathName, openAt, openFlags, readLinkAt } from '../../native/file.ts'
import { getAttribute, listAttributes } from '../../native/xattr.ts'
import { errnoName } from '../../native/errno.ts'
import { OperationError } from '../../native/error.ts'
import { dataStretches } from './data-stretches.ts'
import { rawPath } from './folder-cache.ts'
import { isAllowedAttribute } from './plan.ts'
import type { SparseChunk } from './sparse-map.ts'
import type { TarMember } from './tar-writer.ts'

// One name of a folder, looked at through a descriptor opened without following anything.

/** What overlayfs says with a file of an upper folder. */
export type OverlayMark = 'whiteout' | 'opaque' | undefined

const emptyAttributes: ReadonlyMap<string, Buffer> = new Map()

/** Open a name with `O_PATH`, a symbolic link itself; the caller closes it. @throws {OperationError} */
export function openName(folder: number, name: PathName, shown: string): number {
  const file = openAt(folder, name, openFlags.path | openFlags.noFollow)
  if (file >= 0) return file
  throw new OperationError('SYSCALL_FAILED', 'open a file of a layer', {
    path: JSON.stringify(Buffer.from(shown, 'latin1').toString()),
    errno: errnoName(-file),
  })
}

export function statusOf(file: number): BigIntStats {
  return fstatSync(file, { bigint: true })
}

/** @returns undefined for a socket: no archive holds one */
export function memberType(
  status: BigIntStats,
): Exclude<TarMember['type'], 'hardlink'> | undefined {
  if (status.isFile()) return 'file'
  if (status.isDirectory()) return 'directory'
  if (status.isSymbolicLink()) return 'symlink'
  if (status.isCharacterDevice()) return 'character-device'
  if (status.isBlockDevice()) return 'block-device'
  return status.isFIFO() ? 'fifo' : undefined
}

export function deviceParts(device: bigint): { devMajor: number; devMinor: number } {
  return {
    devMajor: Number((device >> 8n) & 0xfffn),
    devMinor: Number((device & 0xffn) | ((device >> 12n) & 0xfff00n)),
  }
}

const second = 1_000_000_000n

/** Modification time, at most `latest` (seconds since 1970). */
export function modificationTime({ mtimeNs }: BigIntStats, latest: number | undefined): FileTime {
  const nanoseconds = Number(((mtimeNs % second) + second) % second)
  const seconds = Number((mtimeNs - BigInt(nanoseconds)) / second)
  if (latest !== undefined && seconds >= latest) return { seconds: latest, nanoseconds: 0 }
  return { seconds, nanoseconds }
}

export function linkText(link: number): string {
  const target = readLinkAt(link, '')
  return typeof target === 'number' ? '' : target.toString('latin1')
}

export interface FileAttributes {
  /** Those that a layer may carry. */
  readonly kept: ReadonlyMap<string, Buffer>
  /** overlayfs's own, without "trusted.overlay." or "user.overlay.". */
  readonly overlay: ReadonlyMap<string, Buffer>
}

const none: FileAttributes = { kept: emptyAttributes, overlay: emptyAttributes }

/** Extended attributes, by name in a fixed order. A label of this host's policy is no part of a layer. */
export function attributesOf(file: number): FileAttributes {
  const names = listAttributes(file)
  if (typeof names === 'number' || names.length === 0) return none
  const kept = new Map<string, Buffer>()
  const overlay = new Map<string, Buffer>()
  for (const name of names.toSorted()) {
    const own = /^(?:trusted|user)\.overlay\.(.+)$/s.exec(name)?.[1]
    if (own === undefined && (!isAllowedAttribute(name) || name === 'security.selinux')) continue
    const value = getAttribute(file, rawPath(name))
    if (typeof value === 'number') continue
    if (own === undefined) kept.set(name, value)
    else overlay.set(own, value)
  }
  return { kept, overlay }
}

/** Whether a device is a whiteout; the other form, an attribute, is in `attributesOf`. */
export function isWhiteoutDevice(status: BigIntStats): boolean {
  return status.isCharacterDevice() && status.rdev === 0n
}

const minHoles = 1024 * 1024
// The map goes into a PAX header, and nobody reads one of over 1 MiB.
const maxStretches = 10_000

/** Where a file has data, if it is worth telling: it has at least 1 MiB of holes. */
export function worthwhileStretches(
  file: number,
  { size, blocks }: BigIntStats,
): SparseChunk[] | undefined {
  if (blocks * 512n + BigInt(minHoles) > size) return undefined
  const end = Number(size)
  const stretches = dataStretches(file, end, maxStretches)
  // As GNU tar: an empty map would be read as no map.
  return stretches?.length === 0 ? [{ offset: end, size: 0 }] : stretches
}
