import t from 'tap'
import {
  chooseIpv6Subnet,
  chooseSubnet,
  requireFree,
} from '../../../runtime/network/choose-subnet.ts'
import { nameServerSubnets } from '../../../runtime/network/host-network.ts'
import { formatAddress, isLoopback, parseAddress } from '../../../runtime/network/ip-address.ts'
import { parseMac } from '../../../runtime/network/mac-address.ts'
import { canonicalNetworkName, requireNetworkName } from '../../../runtime/network/network.ts'
import {
  addressAt,
  endOfSubnet,
  formatSubnet,
  isHostAddress,
  overlaps,
  parseSubnet,
} from '../../../runtime/network/subnet.ts'

const addresses: { text: string; want: string | undefined }[] = [
  { text: '10.88.0.1', want: '10.88.0.1' },
  { text: '0.0.0.0', want: '0.0.0.0' },
  { text: '256.0.0.1', want: undefined },
  { text: '1.2.3', want: undefined },
  { text: '01.2.3.4', want: undefined },
  { text: '1.2.3.4.5', want: undefined },
  { text: '::', want: '::' },
  { text: '::1', want: '::1' },
  { text: '2001:DB8:0:0:1:0:0:1', want: '2001:db8::1:0:0:1' },
  { text: 'fd00::1:0:0:0:0', want: 'fd00:0:0:1::' },
  { text: '1:2:3:4:5:6:7:8', want: '1:2:3:4:5:6:7:8' },
  { text: '::ffff:10.0.0.1', want: '::ffff:a00:1' },
  { text: '1::2::3', want: undefined },
  { text: '1:2:3:4:5:6:7', want: undefined },
  { text: '1:2:3:4:5:6:7:8::', want: undefined },
  { text: 'fe80::1%eth0', want: undefined },
  { text: ':::', want: undefined },
  { text: 'g::', want: undefined },
  { text: '', want: undefined },
]
for (const { text, want } of addresses)
  t.test(`address ${JSON.stringify(text)}`, async (t) => {
    const address = parseAddress(text)
    t.equal(address && formatAddress(address), want)
  })

t.test('loopback addresses', async (t) => {
  const loopback = ['127.0.0.1', '127.255.0.1', '::1'].map((text) => parseAddress(text))
  for (const address of loopback) t.ok(address && isLoopback(address))
  const other = parseAddress('::2')
  t.notOk(other && isLoopback(other))
})

t.test('subnets: ends, hosts and overlaps', async (t) => {
  const subnet = parseSubnet('10.88.0.0/16')
  t.equal(formatAddress(endOfSubnet(subnet)), '10.89.0.0')
  t.equal(formatAddress(addressAt(subnet, 258n)), '10.88.1.2')
  const isHost = (text: string): boolean =>
    isHostAddress(subnet, parseAddress(text) ?? new Uint8Array())
  t.ok(isHost('10.88.0.2'))
  t.notOk(isHost('10.88.0.0'))
  t.notOk(isHost('10.88.255.255'))
  t.notOk(isHost('10.89.0.2'))
  t.ok(overlaps(subnet, parseSubnet('10.0.0.0/8')))
  t.ok(overlaps(subnet, parseSubnet('10.88.4.0/24')))
  t.notOk(overlaps(subnet, parseSubnet('10.89.0.0/16')))
  t.equal(formatAddress(endOfSubnet(parseSubnet('255.255.255.0/24'))), '0.0.0.0')
})

for (const text of ['10.88.0.1/16', '10.88.0.0/33', '10.88.0.0', 'fd00::/129', '/24', 'x/8'])
  t.test(`subnet ${text} is refused`, async (t) => {
    t.throws(() => parseSubnet(text), { code: 'INVALID_ARGUMENT' })
  })

const choices: { name: string; kind: 'default' | 'user'; used: string[]; want: string }[] = [
  { name: 'the usual one', kind: 'default', used: ['192.0.2.0/24'], want: '10.88.0.0/16' },
  {
    name: 'the next where the host has it',
    kind: 'default',
    used: ['10.88.3.0/24'],
    want: '10.89.0.0/16',
  },
  {
    name: 'another block where a VPN has all of 10/8',
    kind: 'default',
    used: ['10.0.0.0/8'],
    want: '172.16.0.0/16',
  },
  {
    name: 'no matter two halves of everything',
    kind: 'default',
    used: ['0.0.0.0/1', '128.0.0.0/1'],
    want: '10.88.0.0/16',
  },
  { name: 'a /24 for a user', kind: 'user', used: ['10.88.0.0/16'], want: '10.89.0.0/24' },
  {
    name: 'the next /24',
    kind: 'user',
    used: ['10.89.0.0/24', '10.89.1.0/24'],
    want: '10.89.2.0/24',
  },
]
for (const { name, kind, used, want } of choices)
  t.test(`chooses ${name}`, async (t) =>
    t.equal(formatSubnet(chooseSubnet(kind, used.map(parseSubnet))), want),
  )

t.test('each root begins to look elsewhere', async (t) => {
  const chosen = ['/tmp/a', '/tmp/b', '/tmp/a'].map((root) =>
    formatSubnet(chooseSubnet('user', [parseSubnet('10.89.0.0/16')], root)),
  )
  t.match(chosen, [/^10\.90\.\d+\.0\/24$/, /^10\.90\./, chosen[0]])
  t.not(chosen[0], chosen[1])
})

t.test('no range left is an error, not a collision', async (t) => {
  const all = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(parseSubnet)
  t.throws(() => chooseSubnet('default', all), { code: 'BAD_STATE' })
  t.throws(() => chooseSubnet('user', all), { code: 'BAD_STATE' })
  t.throws(() => requireFree(parseSubnet('10.1.0.0/24'), all), {
    code: 'ALREADY_EXISTS',
    detail: { inUse: '10.0.0.0/8' },
  })
})

t.test('an IPv6 range follows from the id and is unique local', async (t) => {
  t.equal(formatSubnet(chooseIpv6Subnet('0123456789abcdef'.repeat(4))), 'fd01:2345:6789:abcd::/64')
})

t.test('MAC addresses', async (t) => {
  t.same([...parseMac('02:42:0A:58-00-02')], [2, 66, 10, 88, 0, 2])
  for (const text of [
    '02:42:0a:58:00',
    '03:42:0a:58:00:02',
    '00:00:00:00:00:00',
    'zz:42:0a:58:00:02',
  ])
    t.throws(() => parseMac(text), { code: 'INVALID_ARGUMENT', detail: { mac: text } })
})

t.test('network names', async (t) => {
  t.equal(canonicalNetworkName('podman'), 'bridge')
  t.doesNotThrow(() => requireNetworkName('web_1.a-b'))
  for (const name of ['', '.x', '../x', 'a/b', 'host', 'none', 'podman', 'a'.repeat(129)])
    t.throws(() => requireNetworkName(name), { code: 'INVALID_ARGUMENT' }, name)
})

t.test('a range with a name server of the host is in use', async (t) => {
  const resolvConf =
    'search x\nnameserver 10.88.3.53\n nameserver fe80::1%eth0\n#nameserver 10.89.0.1\n'
  const used = nameServerSubnets(resolvConf)
  t.strictSame(used.map(formatSubnet), ['10.88.3.53/32'])
  t.equal(formatSubnet(chooseSubnet('default', used)), '10.89.0.0/16')
})
