import type { Attribute } from '../../native/netlink-attribute.ts'
import {
  changeMark,
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
  reject,
  verdict,
  verdictLookup,
} from '../../runtime/network/nftables/expression.ts'
import { u32 } from '../../native/netlink-attribute.ts'
import type { BaseHook } from '../../runtime/network/nftables/message.ts'
import type { SetDefinition } from '../../runtime/network/nftables/set.ts'
import { destination4, destinationPort, isIpv4, range, source4 } from './packet.ts'
import type { TableRule } from './table-part.ts'

// What is in the table whatever services there are. Services are elements of its maps and chains that those lead to. Pure.

export interface BaseTableOptions {
  /** The node's range of pod addresses. */
  readonly podCidr: string
  /** All pods' range. */
  readonly clusterCidr: string
  readonly serviceCidr: string
}

/** Packets that have to come back through this node. */
export const masqueradeMark = 0x4000

export const sharedSets: readonly SetDefinition[] = [
  { name: 'service-ips', key: ['ipv4_addr', 'inet_proto', 'inet_service'], data: 'verdict' },
  { name: 'node-ports', key: ['inet_proto', 'inet_service'], data: 'verdict' },
  { name: 'blocked-ips', key: ['ipv4_addr', 'inet_proto', 'inet_service'], data: 'verdict' },
  { name: 'blocked-ports', key: ['inet_proto', 'inet_service'], data: 'verdict' },
  { name: 'host-ports', key: ['inet_proto', 'inet_service'], data: ['ipv4_addr', 'inet_service'] },
  {
    name: 'host-ports-bound',
    key: ['ipv4_addr', 'inet_proto', 'inet_service'],
    data: ['ipv4_addr', 'inet_service'],
  },
  { name: 'node-addresses', key: ['ipv4_addr'] },
  { name: 'hairpin', key: ['ipv4_addr', 'ipv4_addr'] },
]

export interface BaseChain {
  readonly name: string
  readonly base?: BaseHook
  readonly rules: readonly TableRule[]
}

const RTN_LOCAL = 2
const STATUS_DST_NAT = 0x20
const STATE_NEW = 8
const TCP = 6

const isLocal = [destinationType(), compare('equal', u32(RTN_LOCAL))]
const isNotLoopback = [payload('network', 16, 1), compare('different', new Uint8Array([127]))]
const isNew = [connection('state'), mask(u32(STATE_NEW)), compare('different', u32(0))]
const isTranslated = [connection('status'), mask(u32(STATUS_DST_NAT)), compare('different', u32(0))]
const isMarked = [meta('mark'), mask(u32(masqueradeMark)), compare('different', u32(0))]
const toBound = [...isIpv4, destination4(), meta('l4proto', 9), destinationPort(10)]

/** @param chosen whether node ports answer only at the addresses that the set names */
function toNode(chosen: boolean): Attribute[] {
  const here = chosen ? [destination4(), lookup('node-addresses')] : isLocal
  return [...isIpv4, ...isNotLoopback, ...here, meta('l4proto'), destinationPort(9)]
}

/** @param chosen whether node ports answer only at the addresses that the set names */
export function baseChains(options: BaseTableOptions, chosen: boolean): BaseChain[] {
  const { podCidr, clusterCidr, serviceCidr } = options
  const toServices = { comment: 'services', expressions: [jump('services')] }
  const toBlocked = { comment: 'new connections', expressions: [...isNew, jump('blocked')] }
  return [
    { name: 'reject', rules: rejectRules() },
    { name: 'drop', rules: [{ comment: 'nobody here', expressions: [verdict('drop')] }] },
    { name: 'services', rules: serviceRules(chosen) },
    { name: 'blocked', rules: blockedRules(chosen) },
    {
      name: 'prerouting',
      base: { kind: 'nat', hook: 'prerouting', priority: -100 },
      rules: [
        {
          comment: 'from outside to a service: the answer has to come back through this node',
          expressions: [
            ...isIpv4,
            ...range('source', clusterCidr, false),
            ...range('destination', serviceCidr),
            ...changeMark(masqueradeMark, true),
          ],
        },
        toServices,
      ],
    },
    {
      name: 'output',
      base: { kind: 'nat', hook: 'output', priority: -100 },
      rules: [toServices],
    },
    {
      name: 'postrouting',
      base: { kind: 'nat', hook: 'postrouting', priority: 100 },
      rules: postroutingRules(podCidr, clusterCidr),
    },
    ...(['input', 'forward', 'output'] as const).map((hook): BaseChain => ({
      name: `filter-${hook}`,
      base: { kind: 'filter', hook, priority: 0 },
      rules: [toBlocked],
    })),
  ]
}

function serviceRules(chosen: boolean): TableRule[] {
  return [
    { comment: 'addresses of services', expressions: [...toBound, verdictLookup('service-ips')] },
    {
      comment: 'ports of services on this node',
      expressions: [...toNode(chosen), verdictLookup('node-ports')],
    },
    {
      comment: 'ports of pods on one address of this node',
      expressions: [...toBound, mapLookup('host-ports-bound'), destinationNat('ipv4', 1, 9)],
    },
    {
      comment: 'ports of pods on this node',
      expressions: [...toNode(false), mapLookup('host-ports'), destinationNat('ipv4', 1, 9)],
    },
  ]
}

function blockedRules(chosen: boolean): TableRule[] {
  return [
    {
      comment: 'addresses of services without endpoints',
      expressions: [...toBound, verdictLookup('blocked-ips')],
    },
    {
      comment: 'ports of services without endpoints',
      expressions: [...toNode(chosen), verdictLookup('blocked-ports')],
    },
  ]
}

function rejectRules(): TableRule[] {
  return [
    {
      comment: 'TCP clients are told at once',
      expressions: [meta('l4proto'), compare('equal', new Uint8Array([TCP])), reject('reset')],
    },
    { comment: 'nobody here', expressions: [reject('unreachable')] },
  ]
}

function postroutingRules(podCidr: string, clusterCidr: string): TableRule[] {
  return [
    {
      comment: 'answers have to come back through this node',
      expressions: [...isMarked, ...changeMark(masqueradeMark, false), masquerade()],
    },
    {
      comment: 'a pod to itself by way of a service',
      expressions: [
        ...isTranslated,
        ...isIpv4,
        source4(),
        destination4(9),
        lookup('hairpin'),
        masquerade(),
      ],
    },
    {
      comment: 'pods to the world',
      expressions: [
        ...isIpv4,
        ...range('source', podCidr),
        ...range('destination', clusterCidr, false),
        masquerade(),
      ],
    },
  ]
}
