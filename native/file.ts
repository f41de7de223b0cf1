import { declareSyscall } from './ffi/library.ts'

// File system calls relative to directory descriptors. Each returns what the kernel
// returned: a descriptor or 0, or -errno, because the callers' answer to EEXIST or
// ENOENT is usually another call and not an error. Names are bytes, not text.
//
// SAFETY: every pointer passed is a Buffer that the caller holds during the call, or null.

/** A path or name: text (encoded as UTF-8), or bytes that end with a NUL. */
export type PathName = string | Uint8Array

/** openat2(2) `resolve` flags. */
export const resolveFlags = {
  noXdev: 0x01,
  noMagicLinks: 0x02,
  noSymlinks: 0x04,
  beneath: 0x08,
  inRoot: 0x10,
} as const

export const atFlags = {
  symlinkNoFollow: 0x100,
  removeDir: 0x200,
  symlinkFollow: 0x400,
  emptyPath: 0x1000,
} as const

/** openat(2) flags that node:fs does not name, and those used beside them. */
export const openFlags = {
  writeOnly: 0o1,
  readWrite: 0o2,
  create: 0o100,
  exclusive: 0o200,
  noCtty: 0o400,
  nonBlock: 0o4000,
  directory: process.arch === 'arm64' ? 0o40000 : 0o200000,
  noFollow: process.arch === 'arm64' ? 0o100000 : 0o400000,
  cloexec: 0o2000000,
  path: 0o10000000,
} as const

/** `AT_FDCWD`: paths are relative to the working folder. */
export const currentFolder = -100

const { unlinkat, mkdirat, mknodat, symlinkat, linkat, openat, openat2 } = {
  openat: declareSyscall('openat', ['int', 'void *', 'int', 'int']),
  openat2: declareSyscall('openat2', ['int', 'void *', 'void *', 'long']),
  mkdirat: declareSyscall('mkdirat', ['int', 'void *', 'int']),
  mknodat: declareSyscall('mknodat', ['int', 'void *', 'int', 'long']),
  symlinkat: declareSyscall('symlinkat', ['void *', 'int', 'void *']),
  linkat: declareSyscall('linkat', ['int', 'void *', 'int', 'void *', 'int']),
  unlinkat: declareSyscall('unlinkat', ['int', 'void *', 'int']),
}
const fchownat = declareSyscall('fchownat', ['int', 'void *', 'uint', 'uint', 'int'])
const fchown = declareSyscall('fchown', ['int', 'uint', 'uint'])
const fchmodat = declareSyscall('fchmodat', ['int', 'void *', 'int'])
const fchmod = declareSyscall('fchmod', ['int', 'int'])
const utimensat = declareSyscall('utimensat', ['int', 'void *', 'void *', 'int'])
const close = declareSyscall('close', ['int'])
const readlinkat = declareSyscall('readlinkat', ['int', 'void *', 'void *', 'long'])
const lseek = declareSyscall('lseek', ['int', 'long', 'int'])

/** Text or bytes as the kernel wants them: ending with a NUL. */
export function pathBytes(name: PathName): Uint8Array {
  return typeof name === 'string' ? Buffer.from(`${name}\0`) : name
}

/** openat(2). */
export function openAt(folder: number, name: PathName, flags: number, mode = 0): number {
  return Number(openat(folder, pathBytes(name), flags | openFlags.cloexec, mode))
}

const howBuffer = new BigUint64Array(3)

const EAGAIN = 11

/** As PATH_ATTEMPTS of native/shim/interpret.c. */
const pathAttempts = 4096

/**
 * openat2(2): `resolve` of {@link resolveFlags}. Needs Linux 5.6. Asked again while the kernel cannot tell whether a path stays
 * below its root, because something somewhere is renamed or mounted at the same time.
 */
export function openAt2(
  folder: number,
  name: PathName,
  how: { flags: number; mode?: number; resolve: number },
): number {
  howBuffer[0] = BigInt(how.flags | openFlags.cloexec)
  howBuffer[1] = BigInt(how.mode ?? 0)
  howBuffer[2] = BigInt(how.resolve)
  const path = pathBytes(name)
  let result = -EAGAIN
  for (let attempt = 0; result === -EAGAIN && attempt < pathAttempts; attempt++)
    result = Number(openat2(folder, path, howBuffer, howBuffer.byteLength))
  return result
}

/** mkdirat(2). The process's umask applies to `mode`. */
export function makeDirectoryAt(folder: number, name: PathName, mode: number): number {
  return Number(mkdirat(folder, pathBytes(name), mode))
}

/** mknodat(2): `mode` with the file type bits, `device` of {@link deviceNumber}. */
export function makeNodeAt(folder: number, name: PathName, mode: number, device = 0): number {
  return Number(mknodat(folder, pathBytes(name), mode, device))
}

/** Kernel encoding of a device number (makedev(3)); major at most 12 bits, minor 20. */
export function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) * 0x1000)
}

/** symlinkat(2). */
export function makeSymlinkAt(target: PathName, folder: number, name: PathName): number {
  return Number(symlinkat(pathBytes(target), folder, pathBytes(name)))
}

/** linkat(2); a symlink named by `oldName` is itself linked, not what it points to. */
export function linkAt(
  oldFolder: number,
  oldName: PathName,
  newFolder: number,
  newName: PathName,
): number {
  return Number(linkat(oldFolder, pathBytes(oldName), newFolder, pathBytes(newName), 0))
}

/** unlinkat(2); `flags` may be `atFlags.removeDir`. */
export function unlinkAt(folder: number, name: PathName, flags = 0): number {
  return Number(unlinkat(folder, pathBytes(name), flags))
}

/** readlinkat(2): the target as bytes, or -errno; with an empty name, of `folder` itself, opened with O_PATH. */
export function readLinkAt(folder: number, name: PathName): Buffer | number {
  const target = Buffer.alloc(4096)
  const size = Number(readlinkat(folder, pathBytes(name), target, target.byteLength))
  return size < 0 ? size : target.subarray(0, size)
}

/** lseek(2), `SEEK_DATA`: where the next bytes that are stored begin; -ENXIO where none follow. */
export function seekData(file: number, offset: number): number {
  return Number(lseek(file, offset, 3))
}

/** lseek(2), `SEEK_HOLE`: where the next hole begins; the end of the file counts as one. */
export function seekHole(file: number, offset: number): number {
  return Number(lseek(file, offset, 4))
}

/** fchownat(2) that never follows a symlink. */
export function changeOwnerAt(folder: number, name: PathName, uid: number, gid: number): number {
  return Number(fchownat(folder, pathBytes(name), uid, gid, atFlags.symlinkNoFollow))
}

/** fchown(2). */
export function changeOwner(file: number, uid: number, gid: number): number {
  return Number(fchown(file, uid, gid))
}

/** fchmodat(2). It follows symlinks: only for a name that is known to be none. */
export function changeModeAt(folder: number, name: PathName, mode: number): number {
  return Number(fchmodat(folder, pathBytes(name), mode))
}

/** fchmod(2). */
export function changeMode(file: number, mode: number): number {
  return Number(fchmod(file, mode))
}

export interface FileTime {
  /** Seconds since 1970, negative before. */
  readonly seconds: number
  /** 0 to 999 999 999. */
  readonly nanoseconds: number
}

const timesBuffer = new Int32Array(8)

function setTime(at: number, time: FileTime): void {
  timesBuffer[at] = (time.seconds % 0x1_0000_0000) | 0
  timesBuffer[at + 1] = Math.floor(time.seconds / 0x1_0000_0000)
  timesBuffer[at + 2] = time.nanoseconds
  timesBuffer[at + 3] = 0
}

/** utimensat(2) that never follows a symlink; with `name` null, futimens(3) on `folder` itself. */
export function setTimesAt(
  folder: number,
  name: PathName | null,
  access: FileTime,
  modification: FileTime,
): number {
  setTime(0, access)
  setTime(4, modification)
  const flags = name === null ? 0 : atFlags.symlinkNoFollow
  return Number(utimensat(folder, name === null ? null : pathBytes(name), timesBuffer, flags))
}

/** close(2). */
export function closeFile(file: number): number {
  return Number(close(file))
}
