import t from 'tap'
import { renderHosts } from '../../../runtime/network/hosts-file.ts'
import { parseResolvConf, renderResolvConf } from '../../../runtime/network/resolv-conf.ts'
import type { ResolvConfContent } from '../../../runtime/network/resolv-conf.ts'

t.test('/etc/hosts: loopback, added hosts, own names', async (t) => {
  const text = renderHosts({
    hostname: 'web',
    domainname: 'example.org',
    addresses: ['10.88.0.2', 'fd00::2'],
    addHosts: [
      { name: 'db', address: '192.0.2.9' },
      { name: 'me', address: 'host-gateway' },
    ],
    gateway: '10.88.0.1',
    ipv6: false,
  })
  t.same(text.split('\n'), [
    '127.0.0.1\tlocalhost',
    '192.0.2.9\tdb',
    '10.88.0.1\tme',
    '10.88.0.2\tweb.example.org web',
    'fd00::2\tweb.example.org web',
    '',
  ])
})

t.test('/etc/hosts: the lines of IPv6, and no address with no network', async (t) => {
  const text = renderHosts({ hostname: 'x', addresses: [], addHosts: [] })
  t.equal(text.split('\n').length, 7)
  t.match(text, '::1\tlocalhost ip6-localhost ip6-loopback\n')
  t.notMatch(text, '\tx')
})

for (const address of ['host-gateway', 'nowhere', '1.2.3'])
  t.test(`/etc/hosts: an added host at ${address} without a gateway`, async (t) => {
    const addHosts = [{ name: 'db', address }]
    t.throws(() => renderHosts({ hostname: 'x', addresses: [], addHosts }), {
      code: 'INVALID_ARGUMENT',
      detail: { address },
    })
  })

const none = { dns: [], search: [], options: [] }

const files: { name: string; content: ResolvConfContent; want: string }[] = [
  {
    name: 'the host’s, with comments and loopback servers left out',
    content: {
      ...none,
      host: '# x\nnameserver 127.0.0.53\nnameserver 192.0.2.1 # y\nsearch a b\noptions edns0\nsortlist 10.0.0.0\n',
    },
    want: 'search a b\nnameserver 192.0.2.1\noptions edns0\nsortlist 10.0.0.0\n',
  },
  {
    name: 'public servers where only loopback ones are left',
    content: { ...none, host: 'nameserver 127.0.0.53\nnameserver ::1\n' },
    want: 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n',
  },
  {
    name: 'IPv6 servers only for containers with IPv6',
    content: { ...none, host: 'nameserver 192.0.2.1\nnameserver 2001:db8::1\n' },
    want: 'nameserver 192.0.2.1\n',
  },
  {
    name: 'IPv6 servers kept, zones not',
    content: { ...none, host: 'nameserver fe80::1%eth0\nnameserver 2001:db8::1\n', ipv6: true },
    want: 'nameserver 2001:db8::1\n',
  },
  {
    name: 'what the user asks for wins',
    content: {
      host: 'nameserver 192.0.2.1\nsearch a\noptions edns0\n',
      dns: ['192.0.2.7'],
      search: ['b', 'c'],
      options: ['ndots:2'],
    },
    want: 'search b c\nnameserver 192.0.2.7\noptions ndots:2\n',
  },
  {
    name: 'a search of "." is none',
    content: { ...none, search: ['.'], host: 'nameserver 192.0.2.1\nsearch a\n' },
    want: 'nameserver 192.0.2.1\n',
  },
  {
    name: 'the network’s own server stands alone',
    content: {
      ...none,
      dns: ['192.0.2.7'],
      nameServer: '10.89.0.1',
      host: 'nameserver 192.0.2.1\n',
    },
    want: 'nameserver 10.89.0.1\n',
  },
  {
    name: 'loopback servers stay with the host’s network',
    content: { ...none, hostNetwork: true, host: 'nameserver 127.0.0.53\n' },
    want: 'nameserver 127.0.0.53\n',
  },
  {
    name: 'what leads an ordinary user out asks for its containers',
    content: {
      ...none,
      host: 'nameserver 192.0.2.53\nsearch example.org\n',
      wayOutServer: '10.0.2.3',
    },
    want: 'search example.org\nnameserver 10.0.2.3\n',
  },
  {
    name: 'unless they were told whom to ask',
    content: { ...none, host: '', dns: ['192.0.2.1'], wayOutServer: '10.0.2.3' },
    want: 'nameserver 192.0.2.1\n',
  },
]
for (const { name, content, want } of files)
  t.test(`/etc/resolv.conf: ${name}`, async (t) => t.equal(renderResolvConf(content), want))

t.test('/etc/resolv.conf: a name server has to be an address', async (t) => {
  t.throws(() => renderResolvConf({ ...none, host: '', dns: ['dns.example'] }), {
    code: 'INVALID_ARGUMENT',
    detail: { dns: 'dns.example' },
  })
})

t.test('/etc/resolv.conf: the last search counts, "domain" is one', async (t) => {
  t.same(parseResolvConf('search a\ndomain b\n').search, ['b'])
})
