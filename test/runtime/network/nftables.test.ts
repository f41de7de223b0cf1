import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { networkElements } from '../../../runtime/network/firewall-elements.ts'
import { buildTable } from '../../../runtime/network/firewall-table.ts'
import type { Network } from '../../../runtime/network/network.ts'
import { decodeElements, decodeRule } from '../../../runtime/network/nftables/dump.ts'
import { encodeBatch, encodeChange } from '../../../runtime/network/nftables/message.ts'
import type { TableChange } from '../../../runtime/network/nftables/message.ts'
import { addElements, deleteElements } from '../../../runtime/network/nftables/set.ts'
import {
  hostPortOfKey,
  hostPortOfLease,
  portElement,
  portLeaseName,
} from '../../../runtime/network/published-port.ts'
import type { PortBinding } from '../../../runtime/network/published-port.ts'
import { decodeMessages } from '../../../native/netlink-message.ts'

// The fixture is what nft(8) 1.0.6 sent to the kernel for the same table, in its listing's words,
// and for the same elements; sequence numbers are zeroed.
const fixture = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/network/nft-messages.json'), 'utf8'),
) as Record<'frame' | 'rules' | 'elements' | 'delete', string[]>

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const changes = buildTable('mycontainer')
const ofType = (type: TableChange['type']): TableChange[] =>
  changes.filter((change) => change.type === type)

type Tree = (readonly [type: number, content: string | Tree])[]

/** Attributes without what nft(8) adds for itself: the number of a set beside its name. */
function tree(bytes: Uint8Array): Tree {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: Tree = []
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true)
    const type = view.getUint16(at + 2, true)
    const payload = bytes.subarray(at + 4, at + length)
    const nested = (type & 0x8000) !== 0
    found.push([type & 0x3fff, nested ? tree(payload) : hex(payload)])
    at += (length + 3) & ~3
  }
  const isLookup = found[0]?.[1] === hex(new TextEncoder().encode('lookup\0'))
  if (!isLookup) return found
  return found.map(([type, content]) =>
    typeof content === 'string' ? [type, content] : [type, content.filter(([one]) => one !== 4)],
  )
}

function attributesOf(message: string | Uint8Array): Tree {
  const bytes = typeof message === 'string' ? Buffer.from(message, 'hex') : message
  return tree(new Uint8Array(bytes).subarray(20))
}

t.test('every rule is what nft sends for its text', async (t) => {
  const rules = ofType('newRule')
  t.equal(rules.length, fixture.rules.length)
  const theirs = fixture.rules.map((message) => JSON.stringify(attributesOf(message)))
  for (const rule of rules) {
    const ours = JSON.stringify(attributesOf(encodeChange(rule, 0)))
    t.ok(theirs.includes(ours), decodeRule(firstMessage(encodeChange(rule, 0))).comment)
  }
})

function firstMessage(bytes: Uint8Array): ReturnType<typeof decodeMessages>[number] {
  const [message] = decodeMessages(bytes)
  if (!message) throw new Error('no message')
  return message
}

t.test('table, chains and plain sets are byte for byte what nft sends', async (t) => {
  const same = [...ofType('newTable'), ...ofType('newChain')].map((change) =>
    hex(encodeChange(change, 0)),
  )
  for (const message of same) t.ok(fixture.frame.includes(message))
})

t.test('sets agree with nft but for its notes to itself', async (t) => {
  const noted = 13
  const theirs = fixture.frame.map((message) =>
    JSON.stringify(attributesOf(message).filter(([type]) => type !== noted)),
  )
  for (const set of ofType('newSet')) {
    const ours = attributesOf(encodeChange(set, 0)).filter(([type]) => type !== noted)
    t.ok(theirs.includes(JSON.stringify(ours)))
  }
})

const bindings: { name: string; binding: PortBinding; map: string; lease: string }[] = [
  {
    name: 'tcp on every IPv4 address',
    binding: {
      hostIp: '0.0.0.0',
      hostPort: 8080,
      protocol: 'tcp',
      targetIp: '10.88.0.2',
      containerPort: 80,
    },
    map: 'any4',
    lease: '0.0.0.0_tcp_8080',
  },
  {
    name: 'udp on one IPv4 address',
    binding: {
      hostIp: '127.0.0.1',
      hostPort: 53,
      protocol: 'udp',
      targetIp: '10.88.0.3',
      containerPort: 5353,
    },
    map: 'bound4',
    lease: '127.0.0.1_udp_53',
  },
  {
    name: 'sctp on every IPv6 address',
    binding: {
      hostIp: '::',
      hostPort: 9000,
      protocol: 'sctp',
      targetIp: 'fd00:88::2',
      containerPort: 80,
    },
    map: 'any6',
    lease: '::_sctp_9000',
  },
  {
    name: 'tcp on one IPv6 address',
    binding: {
      hostIp: 'fd00::9',
      hostPort: 443,
      protocol: 'tcp',
      targetIp: 'fd00:88::2',
      containerPort: 8443,
    },
    map: 'bound6',
    lease: 'fd00::9_tcp_443',
  },
]

const withoutSetId = (message: string | Uint8Array): Tree =>
  attributesOf(message).filter(([type]) => type !== 4)

for (const { name, binding, map, lease } of bindings)
  t.test(`published port, ${name}`, async (t) => {
    const placed = portElement(binding)
    t.equal(placed.map, map)
    const [change] = addElements('mycontainer', placed.map, [placed.element])
    if (!change) throw new Error('no change')
    const theirs = fixture.elements.map((message) => JSON.stringify(withoutSetId(message)))
    t.ok(theirs.includes(JSON.stringify(withoutSetId(encodeChange(change, 0)))))
    const { hostIp, hostPort, protocol } = binding
    t.same(hostPortOfKey(placed.map, placed.element.key), { hostIp, hostPort, protocol })
    t.equal(portLeaseName(binding), lease)
    t.same(hostPortOfLease(lease), { hostIp, hostPort, protocol })
    const [read] = decodeElements(firstMessage(encodeChange(change, 0)))
    t.same(read?.key, placed.element.key)
    t.same(read?.data, placed.element.data)
  })

t.test('a deletion names the key', async (t) => {
  const key = new Uint8Array([6, 0, 0, 0, 0x1f, 0x90, 0, 0])
  const [change] = deleteElements('mycontainer', 'any4', [{ key }])
  if (!change) throw new Error('no change')
  t.equal(hex(encodeChange(change, 0)), fixture.delete[0])
})

t.test('only the last change of a batch asks for an ack', async (t) => {
  const flags = decodeMessages(encodeBatch(changes)).map((message) => message.flags & 4)
  t.equal(flags.filter((flag) => flag !== 0).length, 1)
  t.equal(flags.at(-2), 4)
})

const network: Network = {
  id: 'a'.repeat(64),
  name: 'web',
  bridge: 'mc0',
  ipv4: { subnet: '10.88.0.0/16', gateway: '10.88.0.1' },
  internal: false,
  dns: true,
  labels: {},
  created: '',
}

const sets = (one: Network): string[] => networkElements(one).map(({ set }) => set)

t.test('a network is in its sets, an internal one in no set that lets it out', async (t) => {
  t.same(sets(network), ['intra', 'bridges', 'subnets4'])
  t.same(sets({ ...network, internal: true }), ['intra', 'internal'])
  const ipv6 = { subnet: 'fd00::/64', gateway: 'fd00::1' }
  t.same(sets({ ...network, ipv6 }), ['intra', 'bridges', 'subnets4', 'subnets6'])
})

t.test('many elements are cut into messages that fit an attribute', async (t) => {
  const elements = Array.from({ length: 1000 }, (_, index) => ({
    key: new Uint8Array([6, 0, 0, 0, index >> 8, index & 255, 0, 0]),
    data: new Uint8Array(8),
  }))
  const messages = addElements('mycontainer', 'any4', elements)
  t.equal(messages.length, 4)
  for (const message of messages) t.ok(encodeChange(message, 0).length < 65_536)
})
