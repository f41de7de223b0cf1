import t from 'tap'
import { parseJson, stringifyJson } from '../../../runtime/spec/json.ts'

const kept: { name: string; text: string; want: unknown }[] = [
  { name: 'largest safe integer stays a number', text: '9007199254740991', want: 9007199254740991 },
  { name: 'one above becomes a bigint', text: '[9007199254740993]', want: [9007199254740993n] },
  { name: 'uint64 maximum', text: '{"a":18446744073709551615}', want: { a: 2n ** 64n - 1n } },
  { name: 'int64 minimum', text: '{"a":-9223372036854775808}', want: { a: -(2n ** 63n) } },
  { name: 'a large float stays a float', text: '1e300', want: 1e300 },
  { name: 'digits inside a string', text: '"12345678901234567890"', want: '12345678901234567890' },
  { name: 'the last of two equal keys counts', text: '{"a":1,"a":2}', want: { a: 2 } },
  {
    name: 'brackets inside a string do not nest',
    text: `"${'['.repeat(500)}\\""`,
    want: `${'['.repeat(500)}"`,
  },
  {
    name: 'escaped backslash before a quote',
    text: '["\\\\", {"a": []}]',
    want: ['\\', { a: [] }],
  },
]
for (const { name, text, want } of kept)
  t.test(name, async (t) => t.strictSame(parseJson(text), want))

const refused: { name: string; text: string; maxLength?: number }[] = [
  { name: 'not JSON', text: '{"a":' },
  { name: 'an empty text', text: '' },
  { name: 'a __proto__ key', text: '{"annotations":{"__proto__":{"polluted":true}}}' },
  { name: 'an escaped __proto__ key', text: '{"\\u005f_proto__":1}' },
  { name: 'deep nesting', text: '['.repeat(200) + ']'.repeat(200) },
  { name: 'nesting that would exhaust the stack', text: '{"a":'.repeat(1_000_000) },
  { name: 'too long a text', text: '[1,2,3,4,5,6]', maxLength: 10 },
]
for (const { name, text, maxLength } of refused)
  t.test(`refuses ${name}`, async (t) => {
    const options = maxLength === undefined ? {} : { maxLength }
    t.throws(() => parseJson(text, options), { code: 'INVALID_SPEC' })
    t.equal(({} as { polluted?: boolean }).polluted, undefined)
  })

t.test('the caller names the document and the code', async (t) => {
  const options = { what: 'manifest', code: 'INVALID_IMAGE' } as const
  t.throws(() => parseJson('x', options), { code: 'INVALID_IMAGE', step: 'read manifest' })
})

t.test('bigints are written as plain integers', async (t) => {
  const value = { a: 2n ** 64n - 1n, b: [1, -(2n ** 63n)], c: undefined }
  t.equal(stringifyJson(value), '{"a":18446744073709551615,"b":[1,-9223372036854775808]}')
  t.equal(stringifyJson({ a: 1n }, 2), '{\n  "a": 1\n}')
})

t.test('64-bit values survive a round trip', async (t) => {
  const text = '{"hard":18446744073709551615,"soft":9007199254740993,"low":1024}'
  t.equal(stringifyJson(parseJson(text)), text)
})
