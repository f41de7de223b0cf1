import { closeSync, openSync } from 'node:fs'
import { declareSyscall } from './ffi/library.ts'

// ioctl_nsfs(2): questions to a namespace's file descriptor.
const NS_GET_USERNS = 0xb7_01
const NS_GET_OWNER_UID = 0xb7_04

const ioctlPlain = declareSyscall('ioctl', ['int', 'ulong'])
const ioctlBuffer = declareSyscall('ioctl', ['int', 'ulong', 'void *'])

/**
 * User id (as this user namespace sees it) of the owner of a namespace: of the process that made
 * the user namespace it belongs to.
 *
 * @param path `/proc/PID/ns/…` or a bind mount of one
 * @param isUserNamespace whether `path` is itself a user namespace
 * @returns undefined where the kernel refuses: its user namespace lies outside of ours
 */
export function readNamespaceOwner(path: string, isUserNamespace: boolean): number | undefined {
  const fd = openQuietly(path)
  if (fd < 0) return undefined
  const userFd = isUserNamespace ? fd : Number(ioctlPlain(fd, NS_GET_USERNS))
  try {
    if (userFd < 0) return undefined
    const uid = new Uint32Array(1)
    return Number(ioctlBuffer(userFd, NS_GET_OWNER_UID, uid)) < 0 ? undefined : uid[0]
  } finally {
    closeSync(fd)
    if (userFd >= 0 && userFd !== fd) closeSync(userFd)
  }
}

function openQuietly(path: string): number {
  try {
    return openSync(path, 'r')
  } catch {
    return -1
  }
}
