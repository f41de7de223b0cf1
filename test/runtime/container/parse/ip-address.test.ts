import t from 'tap'
import { isIpv4, isIpv6, parseMac } from '../../../../runtime/container/parse/ip-address.ts'

const addresses: { text: string; v4?: boolean; v6?: boolean }[] = [
  { text: '0.0.0.0', v4: true },
  { text: '255.255.255.255', v4: true },
  { text: '256.0.0.1' },
  { text: '01.2.3.4' },
  { text: '1.2.3' },
  { text: '::', v6: true },
  { text: '::1', v6: true },
  { text: '2001:db8::33', v6: true },
  { text: '1:2:3:4:5:6:7:8', v6: true },
  { text: '::ffff:1.2.3.4', v6: true },
  { text: '1:2:3:4:5:6:7' },
  { text: '1::2::3' },
  { text: ':::' },
  { text: '12345::' },
  { text: '1:2:3:4:5:6:7:8:9' },
  { text: '1.2.3.4::' },
  { text: 'fe80::1%eth0' },
  { text: '' },
]

for (const { text, v4 = false, v6 = false } of addresses) {
  t.test(`tells what ${JSON.stringify(text)} is`, async (t) => {
    t.equal(isIpv4(text), v4)
    t.equal(isIpv6(text), v6)
  })
}

t.test('a hardware address', async (t) => {
  t.equal(parseMac('92-D0-C6-0A-29-33'), '92:d0:c6:0a:29:33')
  t.throws(() => parseMac('01:00:5e:00:00:01'), { code: 'INVALID_ARGUMENT' }, 'multicast')
  t.throws(() => parseMac('92:d0:c6:0a:29'), { code: 'INVALID_ARGUMENT' }, 'too short')
})
