import { declareSyscall } from './ffi/library.ts'

// The mount API by descriptors, for mounts that are never attached: a view of layers that exists
// only as long as its descriptor. Each call returns a descriptor or 0, or -errno.
//
// SAFETY: every pointer passed is a Buffer that the caller holds during the call, or null.

const fsopen = declareSyscall('fsopen', ['void *', 'uint'])
const fsconfig = declareSyscall('fsconfig', ['int', 'uint', 'void *', 'void *', 'int'])
const fsmount = declareSyscall('fsmount', ['int', 'uint', 'uint'])

const closeOnExec = 1 // FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC
const setFlag = 0 // FSCONFIG_SET_FLAG
const setString = 1 // FSCONFIG_SET_STRING
const create = 6 // FSCONFIG_CMD_CREATE

/** MOUNT_ATTR_… of mount_setattr(2) for {@link mountDetached}. */
export const mountAttributes = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8 } as const

/** fsopen(2). */
export function openFileSystem(type: string): number {
  return Number(fsopen(text(type), closeOnExec))
}

/** fsconfig(2), `FSCONFIG_SET_STRING`; the kernel takes at most 255 bytes. */
export function setFileSystemText(context: number, key: string, value: string): number {
  return Number(fsconfig(context, setString, text(key), text(value), 0))
}

/** fsconfig(2), `FSCONFIG_SET_FLAG`. */
export function setFileSystemFlag(context: number, key: string): number {
  return Number(fsconfig(context, setFlag, text(key), null, 0))
}

/** fsconfig(2), `FSCONFIG_CMD_CREATE`. */
export function createFileSystem(context: number): number {
  return Number(fsconfig(context, create, null, null, 0))
}

/** fsmount(2): a mount that nobody sees, gone when its descriptor is closed. */
export function mountDetached(context: number, attributes: number): number {
  return Number(fsmount(context, closeOnExec, attributes))
}

function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`)
}
