import t from 'tap'
import { planRoutes, readNode, tunnelMac } from '../../../orchestrator/network/plan-routes.ts'
import type { RouteMode } from '../../../orchestrator/network/plan-routes.ts'
import type { JsonObject, KubeObject } from '../../../orchestrator/api/object.ts'
import { parseSubnet } from '../../../runtime/network/subnet.ts'

const own = { name: 'a', address: '10.201.0.2' }
const near = { name: 'b', address: '10.201.0.3', podCidr: '10.244.1.0/24' }
const far = { name: 'c', address: '192.0.2.7', podCidr: '10.244.2.0/24' }
const nodes = [{ ...own, podCidr: '10.244.0.0/24' }, near, far]
// As an interface has it: with the bits of the host.
const segments = [{ address: new Uint8Array([10, 201, 0, 2]), prefixLength: 24 }]

const modes: [RouteMode, [string, string][]][] = [
  [
    'auto',
    [
      ['b', 'neighbour'],
      ['c', 'tunnel'],
    ],
  ],
  ['direct', [['b', 'neighbour']]],
  [
    'vxlan',
    [
      ['b', 'tunnel'],
      ['c', 'tunnel'],
    ],
  ],
]

for (const [mode, ways] of modes)
  t.test(`routes of mode ${mode}`, async (t) => {
    const planned = planRoutes(own, nodes, segments, mode)
    t.same(
      planned.map(({ name, via }) => [name, via]),
      ways,
    )
  })

t.test('a machine on two segments is a neighbour only on that of its own address', async (t) => {
  // The other one has no interface on this machine's segment: to it, this one is far.
  const both = [...segments, { address: new Uint8Array([192, 0, 2, 1]), prefixLength: 24 }]
  t.same(
    planRoutes(own, nodes, both).map(({ name, via }) => [name, via]),
    [
      ['b', 'neighbour'],
      ['c', 'tunnel'],
    ],
  )
})

t.test('nodes that have this one’s address have their pods here', async (t) => {
  t.same(planRoutes(own, [{ ...near, address: own.address }], segments), [])
})

const named = (spec: JsonObject, addresses: JsonObject[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'b' },
  spec: { ...spec },
  status: { addresses },
})

t.test('a node with a range and an address', async (t) => {
  const addresses = [
    { type: 'Hostname', address: 'b' },
    { type: 'InternalIP', address: 'fd00::1' },
    { type: 'InternalIP', address: near.address },
  ]
  t.same(readNode(named({ podCIDR: near.podCidr }, addresses)), near)
  t.equal(readNode(named({}, addresses)), undefined)
  t.equal(readNode(named({ podCIDR: near.podCidr }, [])), undefined)
})

t.test('hardware addresses are of single machines, and administered here', async (t) => {
  const [first = 0] = tunnelMac(parseSubnet(near.podCidr).address)
  t.equal(first & 3, 2)
})
