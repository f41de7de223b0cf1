import { closeSync } from 'node:fs'
import { OperationError } from './error.ts'
import { declareSyscall, requireSuccess } from './ffi/library.ts'

// SAFETY: addresses and options are Buffers that outlive the synchronous calls, with their true lengths.
const socket = declareSyscall('socket', ['int', 'int', 'int'])
const connect = declareSyscall('connect', ['int', 'void *', 'uint'])
const setOption = declareSyscall('setsockopt', ['int', 'int', 'int', 'void *', 'uint'])

const AF_UNIX = 1
const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const SO_SNDTIMEO = 21
/** sun_path of struct sockaddr_un, bytes. */
const pathCapacity = 108

/**
 * Connect to a Unix stream socket, unix(7), for a talk by read(2) and write(2) that waits for its answers.
 *
 * @param path file, or with a NUL before it a name of the abstract kind
 * @param timeoutMs how long a read or a write may wait; then it ends with EAGAIN
 * @returns a descriptor that is closed on exec
 * @throws {OperationError} `SYSCALL_FAILED`
 */
export function connectUnixSocket(path: string, timeoutMs: number): number {
  const name = Buffer.from(path)
  const detail = { path: path.replace('\0', '@') }
  if (name.length === 0 || name.length >= pathCapacity)
    throw new OperationError('SYSCALL_FAILED', 'connect', { ...detail, errno: 'ENAMETOOLONG' })
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name])
  const made = Number(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
  requireSuccess(made, 'socket', detail)
  try {
    const timeout = Buffer.alloc(16)
    timeout.writeBigInt64LE(BigInt(Math.floor(timeoutMs / 1000)), 0)
    timeout.writeBigInt64LE(BigInt((timeoutMs % 1000) * 1000), 8)
    for (const option of [SO_RCVTIMEO, SO_SNDTIMEO])
      requireSuccess(setOption(made, SOL_SOCKET, option, timeout, 16), 'setsockopt', detail)
    requireSuccess(connect(made, address, address.length), 'connect', detail)
    return made
  } catch (error) {
    closeSync(made)
    throw error
  }
}
