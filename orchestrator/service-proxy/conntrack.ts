import { concatBytes, decodeAttributes, encodeAttributes } from '../../native/netlink-attribute.ts'
import { encodeMessage, netlinkFlags } from '../../native/netlink-message.ts'
import { openNetlinkSocket } from '../../native/netlink-socket.ts'

// Connections that the kernel tracks: linux/netfilter/nfnetlink_conntrack.h.

const SUBSYSTEM = 1
const CT_GET = 1
const CT_DELETE = 2
const CTA_TUPLE_ORIGINAL = 1
const CTA_TUPLE_REPLY = 2
const CTA_TUPLE_IP = 1
const CTA_TUPLE_PROTOCOL = 2
const CTA_IP_V4_SOURCE = 1
const CTA_PROTOCOL_NUMBER = 1
const CTA_PROTOCOL_SOURCE_PORT = 2
const IPV4 = 2
const UDP = 17
const headerBytes = 4

/**
 * Forget the UDP flows whose answers come from certain backends, so that the next datagram is sent where the rules say now.
 *
 * @param isStale told address and port of who answers, six bytes
 */
export function forgetDatagrams(isStale: (answering: Uint8Array) => boolean): void {
  using socket = openNetlinkSocket('netfilter')
  const flows = socket.read(message(CT_GET, netlinkFlags.dump, new Uint8Array()))
  for (const { body } of flows) {
    const flow = decodeAttributes(body.subarray(headerBytes))
    const original = flow.get(CTA_TUPLE_ORIGINAL)
    const answering = sourceOf(flow.get(CTA_TUPLE_REPLY))
    if (!original || !answering || !isStale(answering)) continue
    const nested = 0x8000
    const tuple = encodeAttributes([{ type: CTA_TUPLE_ORIGINAL | nested, payload: original }])
    // It may have ended meanwhile, which is as good.
    socket.request(message(CT_DELETE, netlinkFlags.ack, tuple), 1)
  }
}

function message(type: number, flags: number, attributes: Uint8Array): Uint8Array {
  return encodeMessage({
    type: (SUBSYSTEM << 8) | type,
    flags: netlinkFlags.request | flags,
    sequence: 1,
    body: concatBytes([new Uint8Array([IPV4, 0, 0, 0]), attributes]),
  })
}

function sourceOf(tuple: Uint8Array | undefined): Uint8Array | undefined {
  const parts = decodeAttributes(tuple ?? new Uint8Array())
  const address = decodeAttributes(parts.get(CTA_TUPLE_IP) ?? new Uint8Array()).get(
    CTA_IP_V4_SOURCE,
  )
  const protocol = decodeAttributes(parts.get(CTA_TUPLE_PROTOCOL) ?? new Uint8Array())
  const port = protocol.get(CTA_PROTOCOL_SOURCE_PORT)
  if (!address || !port || protocol.get(CTA_PROTOCOL_NUMBER)?.[0] !== UDP) return undefined
  return concatBytes([address, port])
}
