import { declareSyscall, requireSuccess } from './ffi/library.ts'

// SAFETY: both buffers outlive the synchronous call; the kernel writes at most 12 and 4 bytes.
const getsockopt = declareSyscall('getsockopt', ['int', 'int', 'int', 'void *', 'void *'])

const SOL_SOCKET = 1
const SO_PEERCRED = 17

export interface PeerCredentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

/**
 * Who connected a Unix socket, as the kernel saw it at connect time (unix(7), SO_PEERCRED).
 *
 * @throws {OperationError} `SYSCALL_FAILED`
 */
export function readPeerCredentials(socket: number): PeerCredentials {
  const value = Buffer.alloc(12)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(value.length)
  const result = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, value, length)
  requireSuccess(result, 'read the credentials of a peer', { socket })
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) }
}
