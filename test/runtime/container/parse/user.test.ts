import t from 'tap'
import { parseUser } from '../../../../runtime/container/parse/user.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'a name', text: 'nobody', want: { user: { name: 'nobody' } } },
  { name: 'an id', text: '1000', want: { user: { id: 1000 } } },
  { name: 'ids of user and group', text: '0:0', want: { user: { id: 0 }, group: { id: 0 } } },
  {
    name: 'a name and a group',
    text: 'www-data:adm',
    want: { user: { name: 'www-data' }, group: { name: 'adm' } },
  },
  { name: 'the largest id', text: '2147483647', want: { user: { id: 2_147_483_647 } } },
  { name: 'a name that starts with a digit', text: '1user', want: { user: { name: '1user' } } },
  { name: 'leading zeros stay decimal', text: '0010', want: { user: { id: 10 } } },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseUser(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'nothing', text: '' },
  { name: 'a leading blank (CVE-2026-30892)', text: ' 0' },
  { name: 'minus one (CVE-2026-30892)', text: '-1' },
  { name: '2^32 (CVE-2026-30892)', text: '4294967296' },
  { name: '2^32 - 1', text: '4294967295' },
  { name: '2^31 (CVE-2024-40635)', text: '2147483648' },
  { name: 'a negative group', text: '1:-1' },
  { name: 'an empty group', text: '1:' },
  { name: 'an empty user', text: ':1' },
  { name: 'three parts', text: '1:2:3' },
  { name: 'a plus sign', text: '+5' },
  { name: 'hexadecimal', text: '0x0' },
  { name: 'a newline', text: 'root\n' },
  { name: 'a NUL', text: 'root\u0000' },
  {
    name: 'very many digits',
    text: '9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999',
  },
  { name: 'an exponent', text: '1e999:0 ' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseUser(text), { code: 'INVALID_ARGUMENT' })
  })
}
