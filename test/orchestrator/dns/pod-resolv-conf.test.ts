import t from 'tap'
import type { JsonObject } from '../../../orchestrator/api/object.ts'
import { podResolvConf } from '../../../orchestrator/dns/pod-resolv-conf.ts'

const options = {
  clusterDns: '10.96.0.10',
  domain: 'cluster.local',
  hostResolvConf: 'nameserver 192.0.2.53\nsearch corp.example .\noptions timeout:1\n',
}
const cluster = [
  'search shop.svc.cluster.local svc.cluster.local cluster.local corp.example',
  'nameserver 10.96.0.10',
  'options ndots:5',
]
const host = ['search corp.example', 'nameserver 192.0.2.53', 'options timeout:1']

const table: [string, JsonObject, string[]][] = [
  ['nothing said', {}, cluster],
  ['ClusterFirst', { dnsPolicy: 'ClusterFirst' }, cluster],
  ['ClusterFirst on the node’s network', { dnsPolicy: 'ClusterFirst', hostNetwork: true }, host],
  ['ClusterFirstWithHostNet', { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, cluster],
  ['Default', { dnsPolicy: 'Default' }, host],
  [
    'None',
    { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1'], options: [{ name: 'edns0' }] } },
    ['nameserver 192.0.2.1', 'options edns0'],
  ],
  [
    'the pod’s own choices besides',
    {
      dnsConfig: {
        nameservers: ['192.0.2.1', '10.96.0.10'],
        searches: ['more.example', 'cluster.local'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
      },
    },
    [
      'search shop.svc.cluster.local svc.cluster.local cluster.local corp.example more.example',
      'nameserver 10.96.0.10',
      'nameserver 192.0.2.1',
      'options ndots:2 edns0',
    ],
  ],
]

for (const [title, spec, lines] of table)
  t.test(title, async (t) => {
    const metadata = { name: 'web', namespace: 'shop' }
    const text = podResolvConf({ apiVersion: 'v1', kind: 'Pod', metadata, spec }, options)
    t.same(text.trim().split('\n'), lines)
  })
