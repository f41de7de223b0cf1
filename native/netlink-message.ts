import { align, decodeAttributes, readText } from './netlink-attribute.ts'

// Netlink messages (struct nlmsghdr), netlink(7). Pure. Both our architectures are little-endian.

/** One netlink message without its header's length. */
export interface NetlinkMessage {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly body: Uint8Array
}

const netlinkHeaderBytes = 16

export const netlinkFlags = {
  request: 0x1,
  ack: 0x4,
  /** Read: the whole table. */
  dump: 0x300,
  /** Write: fail with EEXIST where it is there already. */
  /** Write: put it in the place of what is there. */
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  /** nf_tables: add at the end, not in front. */
  append: 0x800,
} as const

export const netlinkTypes = { error: 2, done: 3 } as const

/** Bytes of a message, header and padding included. */
export function encodeMessage(message: NetlinkMessage): Uint8Array {
  const length = netlinkHeaderBytes + message.body.length
  const bytes = new Uint8Array(align(length))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length, true)
  view.setUint16(4, message.type, true)
  view.setUint16(6, message.flags, true)
  view.setUint32(8, message.sequence, true)
  bytes.set(message.body, netlinkHeaderBytes)
  return bytes
}

/** Messages of one datagram. A cut-off tail is left out. */
export function decodeMessages(bytes: Uint8Array): NetlinkMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const messages: NetlinkMessage[] = []
  for (let at = 0; at + netlinkHeaderBytes <= bytes.length;) {
    const length = view.getUint32(at, true)
    if (length < netlinkHeaderBytes || at + length > bytes.length) break
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.subarray(at + netlinkHeaderBytes, at + length),
    })
    at += align(length)
  }
  return messages
}

/** The kernel's verdict on one message. */
export interface NetlinkAck {
  /** 0, or a positive errno. */
  readonly errno: number
  readonly sequence: number
  /** Type of the message that it answers. */
  readonly requestType: number
  /** What the kernel says in words (extended ack); empty where it says nothing. */
  readonly message: string
}

const capped = 0x100
const hasAttributes = 0x200
const messageAttribute = 1

/** @param message one of type NLMSG_ERROR (or NLMSG_DONE, which carries an errno too) */
export function decodeAck(message: NetlinkMessage): NetlinkAck {
  const { body, flags, sequence } = message
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const errno = body.length >= 4 ? 0 - view.getInt32(0, true) : 0
  const echoed = message.type === netlinkTypes.error && body.length >= 4 + netlinkHeaderBytes
  const requestType = echoed ? view.getUint16(8, true) : 0
  if (!echoed || (flags & hasAttributes) === 0) return { errno, sequence, requestType, message: '' }
  const echoedLength = (flags & capped) === 0 ? view.getUint32(4, true) : netlinkHeaderBytes
  const attributes = decodeAttributes(body.subarray(4 + align(echoedLength)))
  return { errno, sequence, requestType, message: readText(attributes.get(messageAttribute)) }
}
