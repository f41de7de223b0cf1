import t from 'tap'
import {
  decodeMessage,
  encodeMessage,
  messageOf,
  numberOf,
  textOf,
} from '../../../../runtime/oci/criu/wire-format.ts'

t.test('examples of the encoding’s documentation', async (t) => {
  t.equal(encodeMessage([[1, 150]]).toString('hex'), '089601')
  t.equal(encodeMessage([[2, 'testing']]).toString('hex'), '120774657374696e67')
  t.equal(encodeMessage([[3, [[1, 150]]]]).toString('hex'), '1a03089601')
  t.equal(encodeMessage([[1, -2]]).toString('hex'), '08feffffffffffffffff01')
})

t.test('what was written is read', async (t) => {
  const message = decodeMessage(
    encodeMessage([
      [1, -1],
      [2, true],
      [3, 'ü'],
      [300, [[1, 2 ** 40]]],
      [3, 'again'],
    ]),
  )
  if (!message) throw new Error('not read')
  t.equal(numberOf(message, 1), -1)
  t.equal(numberOf(message, 2), 1)
  t.equal(textOf(message, 3), 'again', 'the last one counts')
  const inner = messageOf(message, 300)
  t.equal(inner && numberOf(inner, 1), 2 ** 40)
  t.equal(numberOf(message, 3), undefined, 'of another kind')
  t.equal(textOf(message, 9), undefined, 'not there')
})

t.test('what is no message', async (t) => {
  const rows = [
    { title: 'cut off in a number', hex: '0896' },
    { title: 'cut off in a text', hex: '120774' },
    { title: 'a number without an end', hex: `08${'ff'.repeat(12)}` },
    { title: 'a field without a value', hex: '08' },
    { title: 'a group', hex: '0b0c' },
    { title: 'a length beyond everything', hex: '12ffffffffffffffff7f' },
  ]
  for (const { title, hex } of rows)
    t.equal(decodeMessage(Buffer.from(hex, 'hex')), undefined, title)
  const whole = decodeMessage(Buffer.from('0d01000000110100000000000000', 'hex'))
  t.equal(whole?.size, 2, 'fixed numbers are passed over')
})
