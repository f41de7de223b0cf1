import t from 'tap'
import { parseHostEntries } from '../../../../runtime/container/parse/host-entry.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'docker', text: 'db:10.0.0.1', want: [{ name: 'db', address: '10.0.0.1' }] },
  { name: 'an equals sign and IPv6', text: 'db=::1', want: [{ name: 'db', address: '::1' }] },
  { name: 'IPv6 in brackets', text: 'db:[fe80::1]', want: [{ name: 'db', address: 'fe80::1' }] },
  {
    name: 'the gateway',
    text: 'host:host-gateway',
    want: [{ name: 'host', address: 'host-gateway' }],
  },
  {
    name: 'two names',
    text: 'a;b:1.2.3.4',
    want: [
      { name: 'a', address: '1.2.3.4' },
      { name: 'b', address: '1.2.3.4' },
    ],
  },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseHostEntries(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'no address', text: 'db' },
  { name: 'a name for an address', text: 'db:other' },
  { name: 'a bad octet', text: 'db:1.2.3.256' },
  { name: 'a newline that would forge a line', text: 'a\n6.6.6.6 b:1.2.3.4' },
  { name: 'a blank in the name', text: 'a b:1.2.3.4' },
  { name: 'no name', text: ':1.2.3.4' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseHostEntries(text), { code: 'INVALID_ARGUMENT' })
  })
}
