import t from 'tap'
import { decodeDbus } from '../../../../runtime/oci/systemd/dbus-decode.ts'
import { encodeDbus } from '../../../../runtime/oci/systemd/dbus-encode.ts'
import { decodeMessage, encodeCall } from '../../../../runtime/oci/systemd/dbus-message.ts'
import { type DbusValue, splitSignature } from '../../../../runtime/oci/systemd/dbus-value.ts'

t.test('signatures', async (t) => {
  t.same(splitSignature('ssa(sv)a(sa(sv))'), ['s', 's', 'a(sv)', 'a(sa(sv))'])
  t.same(splitSignature('aauya{sv}'), ['aau', 'y', 'a{sv}'])
})

t.test('values come back as they were written, aligned as the specification has it', async (t) => {
  const cases: readonly { signature: string; values: readonly DbusValue[]; bytes: string }[] = [
    { signature: 'yu', values: [1, 2], bytes: '01000000 02000000' },
    { signature: 's', values: ['foo'], bytes: '03000000 666f6f00' },
    { signature: 'b', values: [true], bytes: '01000000' },
    { signature: 'nq', values: [-2, 65_535], bytes: 'feff ffff' },
    { signature: 'x', values: [-1n], bytes: 'ffffffffffffffff' },
    { signature: 'g', values: ['as'], bytes: '02617300' },
    // The length of an array does not count what aligns its first element.
    { signature: 'at', values: [[5n]], bytes: '08000000 00000000 0500000000000000' },
    { signature: 'at', values: [[]], bytes: '00000000 00000000' },
    {
      signature: 'v',
      values: [{ signature: 'u', value: 7 }],
      bytes: '01750000 07000000',
    },
    {
      signature: 'a(sv)',
      values: [[['A', { signature: 'b', value: true }]]],
      bytes: '10000000 00000000 01000000 4100 016200 000000 01000000',
    },
  ]
  for (const { signature, values, bytes } of cases) {
    const encoded = encodeDbus(signature, values)
    t.equal(encoded.toString('hex'), bytes.replaceAll(' ', ''), `${signature} as bytes`)
    t.same(decodeDbus(signature, encoded), values, `${signature} back`)
  }
  t.throws(() => encodeDbus('u', ['one']), { code: 'INTERNAL' })
})

t.test('messages', async (t) => {
  const call = {
    destination: 'a.b',
    path: '/a/b',
    interface: 'a.b.C',
    member: 'Do',
    signature: 'su',
    values: ['x', 1],
  }
  const bytes = encodeCall(call, 3)
  const found = decodeMessage(bytes)
  t.match(found?.message, { type: 1, member: 'Do', values: ['x', 1] })
  t.equal(found?.length, bytes.length)
  for (let length = 0; length < bytes.length; length++)
    t.equal(decodeMessage(bytes.subarray(0, length)), undefined, `${length} bytes of it`)
})

t.test('damaged messages are refused', async (t) => {
  const long = Buffer.from('l\x02\0\x01\xff\xff\xff\x7f\x01\0\0\0\0\0\0\0', 'latin1')
  t.throws(() => decodeMessage(long), { code: 'PROTOCOL' }, 'too long')
  t.throws(() => decodeMessage(Buffer.from('B'.repeat(16))), { code: 'PROTOCOL' }, 'another order')
  const hostile: readonly (readonly [string, string])[] = [
    ['s', 'ffffff7f'],
    ['au', '10000000 01000000'],
    ['v', '0761767676767676 00'],
    ['a()', '08000000 00000000 0000000000000000'],
    ['z', '00'],
  ]
  for (const [signature, bytes] of hostile)
    t.throws(
      () => decodeDbus(signature, Buffer.from(bytes.replaceAll(' ', ''), 'hex')),
      { code: 'PROTOCOL' },
      signature,
    )
})
