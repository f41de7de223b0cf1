import t from 'tap'
import { decodeAttributes, readU32 } from '../../../native/netlink-attribute.ts'
import { decodeMessages } from '../../../native/netlink-message.ts'
import { addAddress, decodeAddress } from '../../../runtime/network/rtnetlink/address.ts'
import {
  createBridge,
  createVeth,
  decodeLink,
  getLink,
  linkHeaderBytes,
  setLink,
} from '../../../runtime/network/rtnetlink/link.ts'
import { encodeRouteChanges } from '../../../runtime/network/rtnetlink/request.ts'
import {
  addDefaultRoute,
  decodeRoute,
  isDefaultRoute,
} from '../../../runtime/network/rtnetlink/route.ts'
import type { RouteRequest } from '../../../runtime/network/rtnetlink/request.ts'

// The hexadecimal rows are what ip(8) 6.1 sent for the command in their comment.

function body(bytes: Uint8Array | string): Uint8Array {
  const all = typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'hex')) : bytes
  const [message] = decodeMessages(all)
  if (!message) throw new Error('no message')
  return message.body
}

const encoded = (request: RouteRequest): Uint8Array => encodeRouteChanges([request])
const mask = (request: RouteRequest): number => readU32(body(encoded(request)).subarray(12))

t.test('a bridge: ip link add mc0 type bridge', async (t) => {
  const theirs = body(
    '380000001000050619e1006b0000000000000000000000000000000000000000080003006d633000100012000a0001006272696467650000',
  )
  const ours = decodeLink(body(encoded(createBridge({ name: 'mc0' }))))
  t.match(decodeLink(theirs), { name: 'mc0', kind: 'bridge' })
  t.match(ours, { name: 'mc0', kind: 'bridge', up: true })
})

t.test('an address: ip addr add 10.88.0.1/16 dev mc0', async (t) => {
  const theirs = body(
    '280000001400050619e1006b000000000210000002000000080002000a580001080001000a580001',
  )
  const wanted = { index: 2, prefixLength: 16, address: new Uint8Array([10, 88, 0, 1]) }
  t.same(decodeAddress(theirs), wanted)
  t.same(decodeAddress(body(encoded(addAddress(wanted)))), wanted)
  const attributes = decodeAttributes(body(encoded(addAddress(wanted))).subarray(8))
  t.same([...(attributes.get(4) ?? [])], [10, 88, 255, 255], 'broadcast')
})

t.test('an IPv6 address: ip -6 addr add fd00:88::1/64 dev mc0 nodad', async (t) => {
  const theirs = body(
    '400000001400050619e1006b000000000a4002000200000014000200fd00008800000000000000000000000114000100fd000088000000000000000000000001',
  )
  const request = addAddress({
    index: 2,
    prefixLength: 64,
    address: decodeAddress(theirs).address,
  })
  t.same(body(encoded(request)), theirs)
})

t.test('a default route: ip route add default via 10.88.0.9 dev mc0', async (t) => {
  const theirs = body(
    '2c0000001800050619e1006b0000000002000000fe03000100000000080005000a5800090800040002000000',
  )
  const ours = body(encoded(addDefaultRoute(new Uint8Array([10, 88, 0, 9]), 2)))
  t.same(ours, theirs)
  t.ok(isDefaultRoute(decodeRoute(ours)))
  t.match(decodeRoute(ours), { family: 'ipv4', outgoing: 2, table: 254 })
})

t.test('a pair: the pid goes into IFLA_NET_NS_PID of the far end', async (t) => {
  const { request, pidOffset } = createVeth({
    name: 'mcv1',
    index: 0x4000_0001,
    master: 2,
    up: true,
    mtu: 1400,
    peer: { name: 'eth0', index: 100, mac: new Uint8Array([2, 66, 10, 88, 0, 2]) },
  })
  const bytes = encoded(request)
  new DataView(bytes.buffer).setUint32(pidOffset, 4242, true)
  const link = decodeLink(body(bytes))
  t.match(link, { name: 'mcv1', index: 0x4000_0001, kind: 'veth', master: 2, mtu: 1400, up: true })
  const top = decodeAttributes(body(bytes).subarray(linkHeaderBytes))
  const info = decodeAttributes(top.get(18) ?? new Uint8Array())
  const peer = decodeAttributes(info.get(2) ?? new Uint8Array()).get(1) ?? new Uint8Array()
  t.match(decodeLink(peer), { name: 'eth0', index: 100, up: false })
  t.equal(readU32(decodeAttributes(peer.subarray(linkHeaderBytes)).get(19)), 4242)
})

t.test('a change leaves the flags alone unless asked', async (t) => {
  t.equal(mask(setLink({ index: 1, up: true })), 1)
  t.equal(mask(setLink({ index: 1, noLinkLocal: true })), 0)
  t.equal(mask(getLink('lo')), 0)
})

t.test('each change of a datagram asks for an ack', async (t) => {
  const datagram = encodeRouteChanges([
    setLink({ index: 1, up: true }),
    setLink({ index: 2, up: true }),
  ])
  t.match(decodeMessages(datagram), [
    { flags: 5, sequence: 1 },
    { flags: 5, sequence: 2 },
  ])
})
