import t, { type Test } from 'tap'
import { decodeMessages } from '../../../native/netlink-message.ts'
import { planAttachment, planLoopback } from '../../../runtime/network/attachment.ts'
import type { AttachmentRequest } from '../../../runtime/network/attachment.ts'
import type { NetlinkExchange } from '../../../runtime/network/netlink-exchange.ts'
import type { PortBinding } from '../../../runtime/network/published-port.ts'

const ACK = 4

const request: AttachmentRequest = {
  folders: { runDir: '/run/x', dataDir: '/var/lib/x', root: undefined },
  network: {
    id: 'a'.repeat(64),
    name: 'bridge',
    bridge: 'mc0',
    ipv4: { subnet: '10.88.0.0/16', gateway: '10.88.0.1' },
    internal: false,
    dns: false,
    labels: {},
    created: '',
  },
  device: { index: 3, mtu: 1500, hostIpv6: true, isNew: false, ipv6: false, warnings: [] },
  lease: {
    ipv4: { address: '10.88.0.2', prefixLength: 16, gateway: '10.88.0.1' },
    mac: '02:42:0a:58:00:02',
    files: ['/run/x/leases/10.88.0.2'],
  },
  position: 0,
  nonce: 7,
  defaultRoute: true,
  ports: [],
  portLeases: [],
}

const port = (hostPort: number): PortBinding => ({
  hostIp: '0.0.0.0',
  hostPort,
  protocol: 'tcp',
  targetIp: '10.88.0.2',
  containerPort: 80,
})

const ipv6 = { address: 'fd00::2', prefixLength: 64, gateway: 'fd00::1' }

const plans: {
  name: string
  change: Partial<AttachmentRequest>
  want: [number, number, number]
}[] = [
  { name: 'no ports', change: {}, want: [1, 5, 1] },
  { name: 'one port', change: { ports: [port(80)] }, want: [2, 5, 2] },
  { name: 'a default route elsewhere', change: { defaultRoute: false }, want: [1, 4, 1] },
  {
    name: 'both families',
    change: {
      device: { ...request.device, ipv6: true },
      lease: { ...request.lease, ipv6 },
    },
    want: [1, 6, 1],
  },
  {
    name: 'a host without IPv6',
    change: { device: { ...request.device, hostIpv6: false } },
    want: [1, 4, 1],
  },
  {
    name: 'many ports: published at once, withdrawn in small batches',
    change: { ports: Array.from({ length: 100 }, (_, index) => port(8000 + index)) },
    want: [2, 5, 8],
  },
]
for (const { name, change, want } of plans)
  t.test(`plans ${name}`, async (t) => {
    const plan = planAttachment({ ...request, ...change })
    const inside = plan.inside.reduce((sum, { acks }) => sum + acks, 0)
    const end = [...plan.cleanup, ...plan.closing]
    t.same([plan.host.length, inside, end.length], want)
    for (const exchange of [...plan.host, ...plan.inside, ...end]) checkExchange(t, exchange)
  })

/** As many acks as the messages ask for, on which the interpreter of the plan relies. */
function checkExchange(t: Test, { message, acks, why, source }: NetlinkExchange): void {
  const asking = decodeMessages(message).filter(({ flags }) => (flags & ACK) !== 0)
  t.equal(asking.length, acks, why)
  t.ok(why.length > 0 && source.length > 0)
}

t.test(
  'only the pair of interfaces needs the pid, and leases are those of address and ports',
  async (t) => {
    const plan = planAttachment({ ...request, ports: [port(80)], portLeases: ['/run/x/ports/p'] })
    t.same(
      plan.host.map(({ pidOffset }) => pidOffset !== undefined),
      [true, false],
    )
    t.same(plan.leases, ['/run/x/leases/10.88.0.2', '/run/x/ports/p'])
    for (const { tolerate } of [...plan.cleanup, ...plan.closing])
      t.ok(tolerate, 'cleaning up twice is fine')
  },
)

t.test('the plan is the same for the same request', async (t) => {
  t.same(planAttachment(request), planAttachment(request))
})

t.test('without a network there is loopback', async (t) => {
  const plan = planLoopback()
  t.equal(plan.host.length + plan.cleanup.length + plan.closing.length + plan.leases.length, 0)
  t.equal(plan.inside.length, 1)
})
