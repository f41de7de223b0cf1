import t from 'tap'
import { parseNetworkMode } from '../../../../runtime/container/parse/network-mode.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'bridge', text: 'bridge', want: { kind: 'bridge' } },
  { name: 'default', text: 'default', want: { kind: 'bridge' } },
  { name: 'host', text: 'host', want: { kind: 'host' } },
  { name: 'none', text: 'none', want: { kind: 'none' } },
  {
    name: 'another container',
    text: 'container:web',
    want: { kind: 'container', container: 'web' },
  },
  { name: 'a path', text: 'ns:/run/netns/a', want: { kind: 'path', path: '/run/netns/a' } },
  { name: 'a network', text: 'front', want: { kind: 'networks', names: ['front'] } },
  {
    name: 'two networks',
    text: 'front back',
    want: { kind: 'networks', names: ['front', 'back'] },
  },
  {
    name: 'wishes as podman writes them',
    text: 'front:ip=10.1.0.5,mac=92:d0:c6:0a:29:33,alias=a,alias=b,ip6=fd00::5 back',
    want: {
      kind: 'networks',
      names: ['front', 'back'],
      wishes: {
        front: { ip: '10.1.0.5', mac: '92:d0:c6:0a:29:33', ip6: 'fd00::5', aliases: ['a', 'b'] },
      },
    },
  },
  {
    name: 'wishes as docker writes them',
    text: 'name=front,alias=a,mac-address=92:d0:c6:0a:29:33,ip6=fd00::5 name=back',
    want: {
      kind: 'networks',
      names: ['front', 'back'],
      wishes: { front: { mac: '92:d0:c6:0a:29:33', ip6: 'fd00::5', aliases: ['a'] } },
    },
  },
  {
    name: 'wishes in the default network',
    text: 'bridge:ip=10.88.0.7',
    want: { kind: 'networks', names: ['bridge'], wishes: { bridge: { ip: '10.88.0.7' } } },
  },
  { name: 'one twice', text: 'front front', want: { kind: 'networks', names: ['front'] } },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseNetworkMode(text.split(' ')), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'host and a network', text: 'host front' },
  { name: 'an empty container', text: 'container:' },
  { name: 'a path in a name', text: '../etc' },
  { name: 'a container and a network', text: 'front container:web' },
  { name: 'wishes of no network', text: 'alias=a,ip=10.1.0.5' },
  { name: 'two names', text: 'name=a,name=b' },
  { name: 'an unknown wish', text: 'front:speed=9' },
  { name: 'a wish twice', text: 'front:ip=10.1.0.5,ip=10.1.0.6' },
  { name: 'an address that is none', text: 'front:ip=front' },
  { name: 'no wish', text: 'front:' },
  { name: 'wishes of one network in two places', text: 'front front:ip=10.1.0.5' },
  { name: 'a relative namespace path', text: 'ns:net' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseNetworkMode(text.split(' ')), { code: 'INVALID_ARGUMENT' })
  })
}
