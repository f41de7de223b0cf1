import { OperationError } from './error.ts'
import { errnoName } from './errno.ts'
import { declareSyscall, requireSuccess } from './ffi/library.ts'
import { decodeAck, decodeMessages, netlinkTypes } from './netlink-message.ts'
import type { NetlinkAck, NetlinkMessage } from './netlink-message.ts'

// Synchronous netlink sockets, netlink(7), rtnetlink(7). They act on the network namespace of
// this process and never wait long: the kernel answers within the send call.

const socket = declareSyscall('socket', ['int', 'int', 'int'])
const setOption = declareSyscall('setsockopt', ['int', 'int', 'int', 'void *', 'uint'])
const sendTo = declareSyscall('sendto', ['int', 'void *', 'size_t', 'int'])
const receiveFrom = declareSyscall('recvfrom', ['int', 'void *', 'size_t', 'int'])
const close = declareSyscall('close', ['int'])

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const SO_SNDBUF = 7
const SOL_NETLINK = 270
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const MSG_DONTWAIT = 0x40
const EINTR = 4
const EAGAIN = 11
const receiveBytes = 64 * 1024
/** For all sockets: what is received is copied before anything else is asked. */
const buffer = new Uint8Array(receiveBytes)
const sendBufferBytes = 1 << 20
const timeoutSeconds = 5n

export type NetlinkFamily = 'route' | 'netfilter'
const protocols: Readonly<Record<NetlinkFamily, number>> = { route: 0, netfilter: 12 }

export interface NetlinkSocket {
  readonly family: NetlinkFamily
  /**
   * Send one datagram of messages and collect `acks` verdicts. The kernel reports a message that
   * failed whether or not it asked for an ack.
   */
  request(datagram: Uint8Array, acks: number): NetlinkAck[]
  /**
   * Send one read request and collect what it answers: all parts of a dump, or the one object.
   *
   * @throws {OperationError} `SYSCALL_FAILED` with `detail.errno`, ENOENT or ENODEV where the object is absent
   */
  read(datagram: Uint8Array): NetlinkMessage[]
  close(): void
  [Symbol.dispose](): void
}

/** @throws {OperationError} `UNSUPPORTED` where the kernel has no such netlink family */
export function openNetlinkSocket(family: NetlinkFamily): NetlinkSocket {
  const made = Number(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocols[family]))
  if (made < 0)
    throw new OperationError('UNSUPPORTED', `open a netlink socket`, {
      family,
      errno: errnoName(-made),
    })
  configure(made)
  const finish = (): void => void close(made)
  return {
    family,
    request: (datagram, acks) => {
      drain(made)
      send(made, datagram, family)
      const verdicts: NetlinkAck[] = []
      while (verdicts.length < acks) {
        for (const message of receive(made, family))
          if (message.type === netlinkTypes.error) verdicts.push(decodeAck(message))
        // A batch that failed as a whole is answered by fewer acks than were asked for.
        if (verdicts.some(({ errno }) => errno !== 0) && family === 'netfilter') break
      }
      return verdicts
    },
    read: (datagram) => {
      drain(made)
      send(made, datagram, family)
      return readReplies(made, family)
    },
    close: finish,
    [Symbol.dispose]: finish,
  }
}

/** One `on` for the options of netlink(7), a timeout so that a defect cannot hang a command. */
function configure(file: number): void {
  const on = new Uint8Array([1, 0, 0, 0])
  // Both only make errors clearer, so a kernel without them (before 4.12) is fine.
  setOption(file, SOL_NETLINK, NETLINK_EXT_ACK, on, 4)
  setOption(file, SOL_NETLINK, NETLINK_CAP_ACK, on, 4)
  const size = new Uint8Array(new Uint32Array([sendBufferBytes]).buffer)
  setOption(file, SOL_SOCKET, SO_SNDBUF, size, 4)
  const timeout = new Uint8Array(new BigInt64Array([timeoutSeconds, 0n]).buffer)
  const detail = { option: 'SO_RCVTIMEO' }
  requireSuccess(setOption(file, SOL_SOCKET, SO_RCVTIMEO, timeout, 16), 'setsockopt', detail)
}

function send(file: number, datagram: Uint8Array, family: NetlinkFamily): void {
  const detail = { family, bytes: datagram.length }
  requireSuccess(sendTo(file, datagram, datagram.length, 0), 'send to netlink', detail)
}

/** Throw away what an earlier request that failed half-way left behind. */
function drain(file: number): void {
  while (Number(receiveFrom(file, buffer, buffer.length, MSG_DONTWAIT)) > 0);
}

function receive(file: number, family: NetlinkFamily): NetlinkMessage[] {
  for (;;) {
    const length = Number(receiveFrom(file, buffer, buffer.length, 0))
    if (length === -EINTR) continue
    if (length === -EAGAIN)
      throw new OperationError('TIMEOUT', 'wait for a netlink answer', { family })
    requireSuccess(length, 'receive from netlink', { family })
    return decodeMessages(buffer.slice(0, length))
  }
}

const multipart = 0x2

function readReplies(file: number, family: NetlinkFamily): NetlinkMessage[] {
  const replies: NetlinkMessage[] = []
  for (;;) {
    for (const message of receive(file, family)) {
      if (message.type === netlinkTypes.error || message.type === netlinkTypes.done) {
        requireAck(decodeAck(message), 'read over netlink', { family })
        return replies
      }
      replies.push(message)
      if ((message.flags & multipart) === 0) return replies
    }
  }
}

/** @throws {OperationError} `SYSCALL_FAILED` with the errno and the kernel's words */
export function requireAck(
  ack: NetlinkAck,
  step: string,
  detail: Readonly<Record<string, string | number>>,
): void {
  if (ack.errno === 0) return
  throw new OperationError('SYSCALL_FAILED', step, {
    ...detail,
    errno: errnoName(ack.errno),
    ...(ack.message === '' ? {} : { kernel: ack.message }),
  })
}
