import type { Attribute } from '../../native/netlink-attribute.ts'
import {
  compare,
  connection,
  destinationNat,
  destinationType,
  jump,
  lookup,
  mapLookup,
  mask,
  masquerade,
  meta,
  payload,
  verdict,
} from './nftables/expression.ts'
import { addChain, addRule, addTable, flushChain } from './nftables/message.ts'
import type { BaseHook, TableChange } from './nftables/message.ts'
import { addSet } from './nftables/set.ts'
import type { SetDefinition } from './nftables/set.ts'

// The one nftables table of ours. Its rules never change: networks and published ports are
// elements of its sets and maps. Pure.

export type SetName =
  | 'bridges'
  | 'internal'
  | 'intra'
  | 'subnets4'
  | 'subnets6'
  | 'any4'
  | 'bound4'
  | 'any6'
  | 'bound6'

const sets: readonly (SetDefinition & { readonly name: SetName })[] = [
  { name: 'bridges', key: ['ifname'] },
  { name: 'internal', key: ['ifname'] },
  { name: 'intra', key: ['ifname', 'ifname'] },
  { name: 'subnets4', key: ['ipv4_addr'], interval: true },
  { name: 'subnets6', key: ['ipv6_addr'], interval: true },
  { name: 'any4', key: ['inet_proto', 'inet_service'], data: ['ipv4_addr', 'inet_service'] },
  {
    name: 'bound4',
    key: ['ipv4_addr', 'inet_proto', 'inet_service'],
    data: ['ipv4_addr', 'inet_service'],
  },
  { name: 'any6', key: ['inet_proto', 'inet_service'], data: ['ipv6_addr', 'inet_service'] },
  {
    name: 'bound6',
    key: ['ipv6_addr', 'inet_proto', 'inet_service'],
    data: ['ipv6_addr', 'inet_service'],
  },
]

const chains: readonly { readonly name: string; readonly base?: BaseHook }[] = [
  { name: 'guard', base: { kind: 'filter', hook: 'prerouting', priority: -300 } },
  { name: 'publish' },
  { name: 'prerouting', base: { kind: 'nat', hook: 'prerouting', priority: -100 } },
  { name: 'output', base: { kind: 'nat', hook: 'output', priority: -100 } },
  { name: 'postrouting', base: { kind: 'nat', hook: 'postrouting', priority: 100 } },
  { name: 'forward', base: { kind: 'filter', hook: 'forward', priority: 0 } },
]

/** One rule: what it does, in expressions and in words. The words are its comment in the kernel. */
export interface FirewallRule {
  readonly chain: string
  readonly comment: string
  readonly expressions: readonly Attribute[]
}

const byte = (value: number): Uint8Array => new Uint8Array([value])
const hostWord = (value: number): Uint8Array => new Uint8Array([value, 0, 0, 0])
const interfaceBytes = (name: string): Uint8Array => {
  const bytes = new Uint8Array(16)
  bytes.set(Buffer.from(name))
  return bytes
}

const IPV4 = 2
const IPV6 = 10
const RTN_LOCAL = 2
const STATUS_DST_NAT = 0x20
const ESTABLISHED_OR_RELATED = 0x6

const isIpv4 = [meta('nfproto'), compare('equal', byte(IPV4))]
const isIpv6 = [meta('nfproto'), compare('equal', byte(IPV6))]
const source4 = payload('network', 12, 4)
const destination4 = payload('network', 16, 4)
const source6 = payload('network', 8, 16)
const destination6 = payload('network', 24, 16)
const isLocal = [destinationType(), compare('equal', hostWord(RTN_LOCAL))]
const isPublished = [
  connection('status'),
  mask(hostWord(STATUS_DST_NAT)),
  compare('different', hostWord(0)),
]
const isKnown = [
  connection('state'),
  mask(hostWord(ESTABLISHED_OR_RELATED)),
  compare('different', hostWord(0)),
]
const loopback6 = new Uint8Array([...Array.from({ length: 15 }, () => 0), 1])
const port = (register: number): Attribute => payload('transport', 2, 2, register)

function publishRule(comment: string, expressions: readonly Attribute[]): FirewallRule {
  return { chain: 'publish', comment, expressions }
}

function masqueradeRule(comment: string, match: readonly Attribute[]): FirewallRule {
  return { chain: 'postrouting', comment, expressions: [...match, masquerade()] }
}

function forwardRule(
  comment: string,
  match: readonly Attribute[],
  end: 'accept' | 'drop',
): FirewallRule {
  return { chain: 'forward', comment, expressions: [...match, verdict(end)] }
}

const from = (set: SetName): Attribute[] => [meta('iifname'), lookup(set)]
const to = (set: SetName, inverted = false): Attribute[] => [meta('oifname'), lookup(set, inverted)]

function publishRules(): FirewallRule[] {
  return [
    publishRule('ports published on one IPv4 address', [
      ...isIpv4,
      destination4,
      meta('l4proto', 9),
      port(10),
      mapLookup('bound4'),
      destinationNat('ipv4', 1, 9),
    ]),
    publishRule('ports published on every IPv4 address', [
      ...isIpv4,
      meta('l4proto'),
      port(9),
      mapLookup('any4'),
      destinationNat('ipv4', 1, 9),
    ]),
    publishRule('::1 cannot leave the host, so a client had better fall back to 127.0.0.1', [
      ...isIpv6,
      destination6,
      compare('equal', loopback6),
      verdict('return'),
    ]),
    publishRule('ports published on one IPv6 address', [
      ...isIpv6,
      destination6,
      meta('l4proto', 2),
      port(13),
      mapLookup('bound6'),
      destinationNat('ipv6', 1, 2),
    ]),
    publishRule('ports published on every IPv6 address', [
      ...isIpv6,
      meta('l4proto'),
      port(9),
      mapLookup('any6'),
      destinationNat('ipv6', 1, 2),
    ]),
  ]
}

function natRules(): FirewallRule[] {
  const toPublish = [...isLocal, jump('publish')]
  return [
    { chain: 'prerouting', comment: 'from other hosts and containers', expressions: toPublish },
    { chain: 'output', comment: 'from this host, localhost included', expressions: toPublish },
    masqueradeRule('containers to the world', [
      ...isIpv4,
      source4,
      lookup('subnets4'),
      destination4,
      lookup('subnets4', true),
    ]),
    masqueradeRule(
      'a container to a published port: the answer has to come back through the host',
      [...isPublished, ...isIpv4, source4, lookup('subnets4')],
    ),
    masqueradeRule('127.0.0.1 to a published port: the container has to be able to answer', [
      ...isIpv4,
      payload('network', 12, 1),
      compare('equal', byte(127)),
      meta('oifname'),
      lookup('bridges'),
    ]),
    masqueradeRule('containers to the world, IPv6', [
      ...isIpv6,
      source6,
      lookup('subnets6'),
      destination6,
      lookup('subnets6', true),
    ]),
    masqueradeRule('a container to a published port, IPv6', [
      ...isPublished,
      ...isIpv6,
      source6,
      lookup('subnets6'),
    ]),
  ]
}

function filterRules(): FirewallRule[] {
  return [
    {
      chain: 'guard',
      comment: 'nothing from outside reaches 127.0.0.0/8 (CVE-2020-8558)',
      expressions: [
        meta('iifname'),
        compare('different', interfaceBytes('lo')),
        ...isIpv4,
        payload('network', 16, 1),
        compare('equal', byte(127)),
        verdict('drop'),
      ],
    },
    forwardRule('answers', isKnown, 'accept'),
    forwardRule(
      'within one network',
      [meta('iifname'), meta('oifname', 2), lookup('intra')],
      'accept',
    ),
    forwardRule('internal networks send nothing out', from('internal'), 'drop'),
    forwardRule('internal networks take nothing in', to('internal'), 'drop'),
    forwardRule('published ports', [...to('bridges'), ...isPublished], 'accept'),
    forwardRule('containers to the world', [...from('bridges'), ...to('bridges', true)], 'accept'),
    forwardRule('networks do not see each other, nor the world them', to('bridges'), 'drop'),
  ]
}

let rules: readonly FirewallRule[] | undefined

/** Every rule, in the order in which the kernel meets them within a chain. */
export function firewallRules(): readonly FirewallRule[] {
  rules ??= [...publishRules(), ...natRules(), ...filterRules()]
  return rules
}

/** Changes that make the table as it should be, whatever is left of it; elements are kept. */
export function buildTable(table: string): TableChange[] {
  return [
    addTable(table),
    ...chains.map(({ name, base }) => addChain(table, name, base)),
    ...sets.map((set, index) => addSet(table, set, index + 1)),
    ...chains.map(({ name }) => flushChain(table, name)),
    ...firewallRules().map((rule) => addRule(table, rule.chain, rule.expressions, rule.comment)),
  ]
}
