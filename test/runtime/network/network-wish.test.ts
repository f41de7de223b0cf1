import t from 'tap'
import { type NetworkWords, readNetworkWords } from '../../../runtime/network/network-wish.ts'

const plain: NetworkWords = {
  name: 'web',
  driver: 'bridge',
  subnets: [],
  gateways: [],
  ipRanges: [],
  internal: false,
  ipv6: false,
  disableDns: false,
  labels: {},
  options: {},
}

const accepted: readonly (readonly [string, Partial<NetworkWords>, object])[] = [
  ['nothing said', {}, { driver: 'bridge', dns: true, ipv6: undefined }],
  ['IPv6 of ours', { ipv6: true }, { ipv6: {} }],
  ['IPv6 alone, as podman', { subnets: ['fd00::/64'] }, { ipv4: false }],
  ['both, as podman', { subnets: ['fd00::/64'], ipv6: true }, { ipv4: undefined }],
  ['IPv6 alone, as docker', { ipv4: false, ipv6: true }, { ipv4: false, ipv6: {} }],
  [
    'name servers and routes',
    { dns: ['10.0.0.53'], routes: ['10.9.0.0/16,10.0.0.5'] },
    { nameServers: ['10.0.0.53'], routes: [{ destination: '10.9.0.0/16', gateway: '10.0.0.5' }] },
  ],
  [
    'addresses that others have',
    {
      subnets: ['10.0.0.0/24', 'fd00::/64'],
      reserved: { router: '10.0.0.5', nas: '10.0.0.6', six: 'fd00:0::5' },
    },
    {
      reserved: { router: '10.0.0.5', nas: '10.0.0.6' },
      ipv6: { subnet: 'fd00::/64', reserved: { six: 'fd00::5' } },
    },
  ],
  [
    'families in any order',
    {
      subnets: ['fd00::/64', '10.0.0.0/24'],
      gateways: ['10.0.0.9', 'fd00::9'],
      ipRanges: ['fd00::8/125'],
    },
    {
      subnet: '10.0.0.0/24',
      gateway: '10.0.0.9',
      ipv6: { subnet: 'fd00::/64', gateway: 'fd00::9', range: 'fd00::8/125' },
    },
  ],
  [
    'several of a family, with what lies in them',
    { subnets: ['10.0.0.0/24', '10.0.1.0/24'], gateways: ['10.0.1.9'], ipRanges: ['10.0.0.8/29'] },
    {
      subnet: '10.0.0.0/24',
      gateway: undefined,
      range: '10.0.0.8/29',
      further: [{ subnet: '10.0.1.0/24', gateway: '10.0.1.9' }],
    },
  ],
  [
    'an IPv6 subnet says --ipv6',
    { subnets: ['fd00::/64'] },
    { subnet: undefined, ipv6: { subnet: 'fd00::/64' } },
  ],
  [
    'docker’s options',
    {
      options: { 'com.docker.network.driver.mtu': '1400', 'com.docker.network.bridge.name': 'br7' },
    },
    { mtu: 1400, bridge: 'br7' },
  ],
  [
    'macvlan',
    { driver: 'macvlan', options: { parent: 'eth0' } },
    { parent: 'eth0', mode: 'bridge', dns: true },
  ],
  [
    'ipvlan of podman',
    { driver: 'ipvlan', options: { ipvlan_mode: 'l3s' } },
    { mode: 'l3s', parent: undefined },
  ],
  ['docker’s word for none', { driver: 'null' }, { driver: 'none', dns: false }],
]
for (const [title, words, want] of accepted)
  t.test(title, async (t) => {
    const made: object = readNetworkWords({ ...plain, ...words })
    t.match(
      { ...Object.fromEntries(Object.keys(want).map((key) => [key, undefined])), ...made },
      want,
    )
  })

const rejected: readonly (readonly [string, Partial<NetworkWords>, string])[] = [
  ['another driver', { driver: 'overlay' }, 'INVALID_ARGUMENT'],
  [
    'two gateways of a range',
    { subnets: ['10.0.0.0/24'], gateways: ['10.0.0.1', '10.0.0.2'] },
    'INVALID_ARGUMENT',
  ],
  [
    'an address of others outside',
    { subnets: ['10.0.0.0/24'], reserved: { router: '10.0.1.5' } },
    'INVALID_ARGUMENT',
  ],
  [
    'a part of no range',
    { subnets: ['10.0.0.0/24'], ipRanges: ['10.0.1.0/28'] },
    'INVALID_ARGUMENT',
  ],
  ['a gateway without a subnet', { gateways: ['10.0.0.1'] }, 'INVALID_ARGUMENT'],
  [
    'a gateway of the other family',
    { subnets: ['10.0.0.0/24'], gateways: ['fd00::1'] },
    'INVALID_ARGUMENT',
  ],
  ['addresses with driver none', { driver: 'none', ipv6: true }, 'INVALID_ARGUMENT'],
  ['an option of nobody', { options: { toString: 'x' } }, 'UNSUPPORTED'],
  ['an option of another driver', { options: { parent: 'eth0' } }, 'UNSUPPORTED'],
  ['a mode of another driver', { driver: 'ipvlan', options: { mode: 'vepa' } }, 'INVALID_ARGUMENT'],
  [
    'a name no interface has',
    { options: { 'com.docker.network.bridge.name': 'a b' } },
    'INVALID_ARGUMENT',
  ],
]
for (const [title, words, code] of rejected)
  t.test(`refuses ${title}`, async (t) =>
    t.throws(() => readNetworkWords({ ...plain, ...words }), { code }),
  )
