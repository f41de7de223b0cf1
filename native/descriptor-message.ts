import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { declareSyscall, requireSuccess } from './ffi/library.ts'

// Unix sockets that descriptors are sent over, unix(7) and cmsg(3). The kernel follows pointers inside of struct msghdr, so
// everything lies in one page of our own, whose address is known. Both our architectures are little-endian, of 64 bits.
//
// SAFETY: integers, a Buffer that outlives the synchronous call, and addresses within that page, which stays mapped.

const socketpair = declareSyscall('socketpair', ['int', 'int', 'int', 'void *'])
const mmap = declareSyscall('mmap', ['uint64_t', 'size_t', 'int', 'int', 'int', 'long'])
const sendmsg = declareSyscall('sendmsg', ['int', 'uint64_t', 'int'])
const recvmsg = declareSyscall('recvmsg', ['int', 'uint64_t', 'int'])

const AF_UNIX = 1
const SOCK_SEQPACKET_CLOEXEC = 0o2000005
const PROT_READ_WRITE = 3
const MAP_PRIVATE_ANONYMOUS = 0x22
const MSG_NOSIGNAL = 0x4000
const MSG_CMSG_CLOEXEC = 0x40000000
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const EINTR = -4

// What is where in the page.
const header = { at: 0, length: 56 }
const vector = { at: 64, length: 16 }
/** struct cmsghdr and one descriptor: 20 bytes, and what aligns them. */
const control = { at: 128, length: 24, used: 20 }
const payloadAt = 256
const pageSize = 64 * 1024
const payloadSize = pageSize - payloadAt

export interface DescriptorMessage {
  /** Empty: the other end is closed. */
  readonly bytes: Buffer
  /** The one that came with it: the receiver's, closed on execve. */
  readonly descriptor: number | undefined
}

/** Two sockets that are connected and keep the bounds of messages (SOCK_SEQPACKET), closed on execve. */
export function packetSockets(): readonly [number, number] {
  const ends = new Int32Array(2)
  const result = socketpair(AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0, ends)
  requireSuccess(result, 'connect two sockets', {})
  return [ends[0] ?? -1, ends[1] ?? -1]
}

/** Send a message and, with it, a descriptor. @throws {OperationError} `SYSCALL_FAILED` */
export function sendDescriptor(socket: number, bytes: Uint8Array, descriptor: number): void {
  const at = page()
  const rights = Buffer.alloc(control.length)
  rights.writeBigUInt64LE(BigInt(control.used), 0)
  rights.writeInt32LE(SOL_SOCKET, 8)
  rights.writeInt32LE(SCM_RIGHTS, 12)
  rights.writeInt32LE(descriptor, 16)
  withMemory((memory) => {
    writeSync(memory, bytes, 0, bytes.length, at + payloadAt)
    writeSync(memory, rights, 0, rights.length, at + control.at)
    writeHeader(memory, at, bytes.length)
  })
  const result = again(() => sendmsg(socket, at + header.at, MSG_NOSIGNAL))
  requireSuccess(result, 'send a descriptor', { socket, descriptor })
}

/** Wait for the next message. @throws {OperationError} `SYSCALL_FAILED` */
export function receiveMessage(socket: number): DescriptorMessage {
  const at = page()
  const rights = Buffer.alloc(control.length)
  withMemory((memory) => {
    writeSync(memory, rights, 0, rights.length, at + control.at)
    writeHeader(memory, at, payloadSize)
  })
  const result = again(() => recvmsg(socket, at + header.at, MSG_CMSG_CLOEXEC))
  const bytes = Buffer.alloc(requireSuccess(result, 'receive a message', { socket }))
  withMemory((memory) => {
    readSync(memory, bytes, 0, bytes.length, at + payloadAt)
    readSync(memory, rights, 0, rights.length, at + control.at)
  })
  const hasDescriptor =
    rights.readBigUInt64LE(0) === BigInt(control.used) &&
    rights.readInt32LE(8) === SOL_SOCKET &&
    rights.readInt32LE(12) === SCM_RIGHTS
  return { bytes, descriptor: hasDescriptor ? rights.readInt32LE(16) : undefined }
}

/** struct msghdr and its one struct iovec. */
function writeHeader(memory: number, at: number, length: number): void {
  const words = Buffer.alloc(header.length)
  words.writeBigUInt64LE(BigInt(at + vector.at), 16)
  words.writeBigUInt64LE(1n, 24)
  words.writeBigUInt64LE(BigInt(at + control.at), 32)
  words.writeBigUInt64LE(BigInt(control.length), 40)
  const part = Buffer.alloc(vector.length)
  part.writeBigUInt64LE(BigInt(at + payloadAt), 0)
  part.writeBigUInt64LE(BigInt(length), 8)
  writeSync(memory, words, 0, words.length, at + header.at)
  writeSync(memory, part, 0, part.length, at + vector.at)
}

function again(call: () => number | bigint): number {
  for (;;) {
    const result = Number(call())
    if (result !== EINTR) return result
  }
}

function withMemory(work: (memory: number) => void): void {
  const memory = openSync('/proc/self/mem', 'r+')
  try {
    work(memory)
  } finally {
    closeSync(memory)
  }
}

let address: number | undefined

/** Its address, which a user's half of the address space lets be a number. */
function page(): number {
  if (address !== undefined) return address
  const result = mmap(0, pageSize, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0)
  address = requireSuccess(result, 'map memory', { bytes: pageSize })
  return address
}
