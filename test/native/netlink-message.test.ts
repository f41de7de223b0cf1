import t from 'tap'
import {
  decodeAttributes,
  encodeAttributes,
  listAttributes,
  readText,
  readU32,
  text,
  u32,
  u32be,
} from '../../native/netlink-attribute.ts'
import { decodeAck, decodeMessages, encodeMessage } from '../../native/netlink-message.ts'

t.test('attributes come back as they went, padding left out', async (t) => {
  const bytes = encodeAttributes([
    { type: 3, payload: text('mc0') },
    { type: 4, payload: u32(1500) },
    { type: 18, payload: [{ type: 1, payload: new TextEncoder().encode('bridge') }] },
  ])
  t.equal(bytes.length % 4, 0)
  const found = decodeAttributes(bytes)
  t.equal(readText(found.get(3)), 'mc0')
  t.equal(readU32(found.get(4)), 1500)
  t.equal(readText(decodeAttributes(found.get(18) ?? new Uint8Array()).get(1)), 'bridge')
})

t.test('numbers of nf_tables are in network order', async (t) => {
  t.same([...u32be(0x0102_0304)], [1, 2, 3, 4])
  t.equal(readU32(u32be(7), false), 7)
})

const hostile: { name: string; bytes: number[]; want: number }[] = [
  { name: 'nothing', bytes: [], want: 0 },
  { name: 'a length below the header', bytes: [3, 0, 1, 0], want: 0 },
  { name: 'a length past the end', bytes: [9, 0, 1, 0, 1, 2, 3, 4], want: 0 },
  { name: 'one whole, one cut off', bytes: [4, 0, 1, 0, 8, 0, 2, 0], want: 1 },
]
for (const { name, bytes, want } of hostile)
  t.test(`attributes: ${name}`, async (t) =>
    t.equal(listAttributes(new Uint8Array(bytes)).length, want),
  )

t.test('messages of one datagram are told apart', async (t) => {
  const one = encodeMessage({ type: 16, flags: 5, sequence: 7, body: new Uint8Array([1, 2, 3]) })
  const two = encodeMessage({ type: 20, flags: 1, sequence: 8, body: new Uint8Array() })
  const found = decodeMessages(new Uint8Array([...one, ...two, 9, 9]))
  t.match(found, [
    { type: 16, flags: 5, sequence: 7 },
    { type: 20, flags: 1, sequence: 8 },
  ])
  t.same([...(found[0]?.body ?? [])], [1, 2, 3])
})

t.test('an ack carries errno, request and the words of the kernel', async (t) => {
  const words = encodeAttributes([{ type: 1, payload: text('Unknown device type') }])
  const request = encodeMessage({ type: 16, flags: 5, sequence: 3, body: new Uint8Array() })
  const body = new Uint8Array([...u32(-95), ...request, ...words])
  const ack = decodeAck({ type: 2, flags: 0x300, sequence: 3, body })
  t.same(ack, { errno: 95, sequence: 3, requestType: 16, message: 'Unknown device type' })
})

t.test('a good ack has errno 0', async (t) => {
  const request = encodeMessage({ type: 16, flags: 5, sequence: 3, body: new Uint8Array() })
  const body = new Uint8Array([...u32(0), ...request])
  t.equal(decodeAck({ type: 2, flags: 0x100, sequence: 3, body }).errno, 0)
})
