import t from 'tap'
import { decodeMessages } from '../../../native/netlink-message.ts'
import { type AttachmentRequest, planAttachment } from '../../../runtime/network/attachment.ts'
import {
  freePosition,
  planDefaultRoute,
  planRemoval,
} from '../../../runtime/network/connect-plan.ts'
import type { NetlinkExchange } from '../../../runtime/network/netlink-exchange.ts'
import { createChildLink } from '../../../runtime/network/rtnetlink/child-link.ts'
import { encodeRouteChanges, routeTypes } from '../../../runtime/network/rtnetlink/request.ts'

const free: readonly (readonly [readonly string[], number])[] = [
  [[], 0],
  [['eth0'], 1],
  [['eth1'], 0],
  [['eth0', 'eth2', 'eth1'], 3],
]
for (const [names, want] of free)
  t.test(`beside ${names.join(', ') || 'nothing'} comes eth${want}`, async (t) =>
    t.equal(freePosition(names), want),
  )

const typesOf = (exchange: NetlinkExchange | undefined): number[] =>
  [...decodeMessages(exchange?.message ?? new Uint8Array())].map(({ type }) => type)

t.test('leaving', async (t) => {
  t.strictSame(typesOf(planRemoval('eth3')), [routeTypes.deleteLink])
  const gateways = [{ family: 'ipv4', address: '10.0.0.1' }, { family: 'ipv6' }] as const
  const route = planDefaultRoute({ interfaceName: 'eth1', gateways })
  t.strictSame(typesOf(route), [routeTypes.newRoute, routeTypes.newRoute])
  t.equal(route.acks, 2)
})

t.test('children of an interface of the host', async (t) => {
  for (const [kind, mode] of [
    ['macvlan', 'bridge'],
    ['ipvlan', 'l3'],
  ] as const) {
    const link = { kind, mode, parent: 7, name: 'eth0', index: 100, mtu: 1500 }
    const { request, pidOffset } = createChildLink(link)
    const message = Buffer.from(encodeRouteChanges([request]))
    t.equal(message.readUInt32LE(pidOffset), 0)
    // struct nlattr of IFLA_NET_NS_PID: eight bytes, of type 19.
    t.equal(message.readUInt16LE(pidOffset - 4), 8, kind)
    t.equal(message.readUInt16LE(pidOffset - 2), 19, kind)
    t.ok(message.includes(kind))
  }
})

const shared: AttachmentRequest = {
  folders: { runDir: '/run/x', dataDir: '/var/lib/x', root: undefined },
  network: {
    id: 'a'.repeat(64),
    name: 'lan',
    driver: 'ipvlan',
    mode: 'l3',
    parent: 'eth7',
    bridge: '',
    ipv4: { subnet: '10.5.0.0/24', gateway: '10.5.0.1' },
    internal: false,
    dns: false,
    labels: {},
    created: '',
  },
  device: { index: 7, mtu: 1500, hostIpv6: false, isNew: false, ipv6: false, warnings: [] },
  lease: {
    ipv4: { address: '10.5.0.2', prefixLength: 24, gateway: '10.5.0.1' },
    mac: '02:42:0a:05:00:02',
    files: [],
  },
  position: 0,
  nonce: 7,
  defaultRoute: true,
  ports: [],
  portLeases: [],
}

t.test('they leave nothing on the host to be cut off', async (t) => {
  const plan = planAttachment(shared)
  t.strictSame(plan.cleanup, [])
  t.ok(plan.host[0]?.pidOffset)
  t.notOk(
    Buffer.from(plan.inside[0]?.message ?? []).includes(Buffer.from([10, 5, 0, 1])),
    'no gateway',
  )
})
