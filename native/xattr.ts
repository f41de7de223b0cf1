import { declareSyscall } from './ffi/library.ts'
import { type PathName, pathBytes } from './file.ts'

// Extended attributes (xattr(7)). Results are the kernel's, or -errno.
// SAFETY: as in file.ts: the Buffers outlive the calls.

const fsetxattr = declareSyscall('fsetxattr', ['int', 'void *', 'void *', 'long', 'int'])
const lsetxattr = declareSyscall('lsetxattr', ['void *', 'void *', 'void *', 'long', 'int'])
const lgetxattr = declareSyscall('lgetxattr', ['void *', 'void *', 'void *', 'long'])
const llistxattr = declareSyscall('llistxattr', ['void *', 'void *', 'long'])

/** fsetxattr(2): create or replace. */
export function setAttribute(file: number, name: PathName, value: Uint8Array): number {
  return Number(fsetxattr(file, pathBytes(name), value, value.byteLength, 0))
}

/** lsetxattr(2): on a symlink, the link itself. */
export function setAttributeOfPath(path: PathName, name: PathName, value: Uint8Array): number {
  return Number(lsetxattr(pathBytes(path), pathBytes(name), value, value.byteLength, 0))
}

/** lgetxattr(2): the value, or -errno (ENODATA where it is not set). */
export function getAttributeOfPath(path: PathName, name: PathName): Buffer | number {
  const value = Buffer.alloc(65_536)
  const size = Number(lgetxattr(pathBytes(path), pathBytes(name), value, value.byteLength))
  return size < 0 ? size : value.subarray(0, size)
}

/** Whether a file, or a symlink itself, carries an attribute that we may see (lgetxattr(2), which is asked for no value). */
export function hasAttributeOfPath(path: PathName, name: PathName): boolean {
  return Number(lgetxattr(pathBytes(path), pathBytes(name), null, 0)) >= 0
}

/** llistxattr(2): names as text, or -errno. */
export function listAttributesOfPath(path: PathName): string[] | number {
  const names = Buffer.alloc(65_536)
  const size = Number(llistxattr(pathBytes(path), names, names.byteLength))
  if (size < 0) return size
  return names.toString('latin1', 0, size).split('\0').slice(0, -1)
}

const listxattr = declareSyscall('listxattr', ['void *', 'void *', 'long'])
const getxattr = declareSyscall('getxattr', ['void *', 'void *', 'void *', 'long'])
let scratch: Buffer | undefined

// fgetxattr(2) refuses descriptors opened with O_PATH; the link in our own /proc does not.
function descriptorPath(file: number): Uint8Array {
  return pathBytes(`/proc/self/fd/${file}`)
}

/** flistxattr(2), also for a descriptor opened with `O_PATH`: names, one character per byte, or -errno. */
export function listAttributes(file: number): string[] | number {
  scratch ??= Buffer.alloc(65_536)
  const size = Number(listxattr(descriptorPath(file), scratch, scratch.byteLength))
  if (size <= 0) return size === 0 ? [] : size
  return scratch.toString('latin1', 0, size).split('\0').slice(0, -1)
}

/** fgetxattr(2), also for a descriptor opened with `O_PATH`; -ENODATA where it is not set. */
export function getAttribute(file: number, name: PathName): Buffer | number {
  scratch ??= Buffer.alloc(65_536)
  const path = descriptorPath(file)
  const size = Number(getxattr(path, pathBytes(name), scratch, scratch.byteLength))
  return size < 0 ? size : Buffer.from(scratch.subarray(0, size))
}

const setxattr = declareSyscall('setxattr', ['void *', 'void *', 'void *', 'long', 'int'])

/** fsetxattr(2), also for a descriptor opened with `O_PATH`, of a symbolic link too. */
export function setAttributeOfDescriptor(file: number, name: PathName, value: Uint8Array): number {
  return Number(setxattr(descriptorPath(file), pathBytes(name), value, value.byteLength, 0))
}
