import { createHash } from 'node:crypto'
import type { Attribute } from '../../../native/netlink-attribute.ts'
import {
  compare,
  jumpTo,
  lookup,
  meta,
  verdict,
} from '../../../runtime/network/nftables/expression.ts'
import type { SetDefinition, SetElement } from '../../../runtime/network/nftables/set.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { listAt, numberAt, textAt, valueAt } from '../../api/object.ts'
import {
  addressKey,
  addressPortKey,
  asProtocol,
  destination4,
  destinationPort,
  isIpv4,
  protocolNumber,
  range,
  source4,
} from '../../service-proxy/packet.ts'
import { emptyPart } from '../../service-proxy/table-part.ts'
import type { TablePart, TableRule } from '../../service-proxy/table-part.ts'
import {
  isAbout,
  isBlock,
  isolates,
  policyAddress,
  portNumber,
  selectPeers,
} from './policy-peers.ts'
import type { Direction, NamedPort, PolicyWorld, SelectedPeers } from './policy-peers.ts'

// What network policies are as rules. A pod that a policy isolates has a chain for the direction: what a rule allows returns
// from it, and the rest is dropped at its end. Pods that selectors find are elements of sets, so that one more pod is one
// more element and no chain changes. Pure.

/** Maps of addresses of pods of this node to their chains. */
export const isolatedPods = { ingress: 'ingress-pods', egress: 'egress-pods' } as const

export interface PolicyPlanOptions extends PolicyWorld {
  readonly policies: readonly KubeObject[]
  readonly nodeName: string
}

/** Parts of the table by owner: a pod's address and direction, or a set of peers. */
export function planPolicies(options: PolicyPlanOptions): Map<string, TablePart> {
  const parts = new Map<string, TablePart>()
  for (const pod of options.pods) {
    const address = policyAddress(pod)
    if (address === undefined || pod.spec?.['nodeName'] !== options.nodeName) continue
    for (const direction of ['ingress', 'egress'] as const) {
      const own = options.policies.filter(
        (policy) => isAbout(policy, pod) && isolates(policy, direction),
      )
      if (own.length === 0) continue
      const chain = `${direction}-${address}`
      const rules = own.flatMap((policy) => policyRules(policy, { pod, direction, options, parts }))
      parts.set(chain, {
        ...emptyPart,
        chains: new Map([[chain, [toItself(address, direction), ...rules, nobodyElse]]]),
        elements: [
          {
            set: isolatedPods[direction],
            element: { key: addressKey(address), data: jumpTo(chain) },
          },
        ],
      })
    }
  }
  return parts
}

const allowed = verdict('return')
const nobodyElse: TableRule = {
  comment: 'allowed by no policy',
  expressions: [verdict('drop')],
}

/** No policy keeps a pod from itself. */
function toItself(address: string, direction: Direction): TableRule {
  const other = direction === 'ingress' ? 'source' : 'destination'
  return { comment: 'to itself', expressions: [...range(other, address), allowed] }
}

interface RuleContext {
  readonly pod: KubeObject
  readonly direction: Direction
  readonly options: PolicyPlanOptions
  /** Where sets of peers are put. */
  readonly parts: Map<string, TablePart>
}

/** A rule of the table for each pair of a peer and a port. */
function policyRules(policy: KubeObject, context: RuleContext): TableRule[] {
  const { direction } = context
  const { name = '', namespace = '' } = policy.metadata
  return listAt(policy, ['spec', direction]).flatMap((rule, at) => {
    const peers = listAt(rule, [direction === 'ingress' ? 'from' : 'to'])
    const ports = listAt(rule, ['ports'])
    return (peers.length === 0 ? [undefined] : peers).flatMap((peer, peerAt) =>
      (ports.length === 0 ? [undefined] : ports).flatMap((port, portAt) => {
        const expressions = pairExpressions(peer, port, namespace, context)
        if (!expressions) return []
        const comment = `${namespace}/${name} ${direction} ${at}.${peerAt}.${portAt}`
        return [{ comment, expressions: [...isIpv4, ...expressions, allowed] }]
      }),
    )
  })
}

/** @returns undefined where nothing can match */
function pairExpressions(
  peer: JsonObject | undefined,
  port: JsonObject | undefined,
  namespace: string,
  context: RuleContext,
): Attribute[] | undefined {
  const { direction, pod, options } = context
  const number = port?.['port']
  const protocol = asProtocol(textAt(port, ['protocol']))
  if (typeof number === 'string') {
    const named = { name: number, protocol }
    // To others it is their name, and each may have another number for it.
    if (direction === 'egress') {
      if (peer && isBlock(peer)) return undefined
      return namedPeers(selectPeers(peer ?? everybody, namespace, options), named, context)
    }
    const own = portNumber(pod, named)
    if (own === undefined) return undefined
    return [...peerExpressions(peer, namespace, context), ...portExpressions(protocol, own, own)]
  }
  const first = numberAt(port, ['port'])
  const last = numberAt(port, ['endPort']) ?? first
  return [
    ...peerExpressions(peer, namespace, context),
    ...(port ? portExpressions(protocol, first, last) : []),
  ]
}

const everybody: JsonObject = { namespaceSelector: {} }

function peerExpressions(
  peer: JsonObject | undefined,
  namespace: string,
  { direction, options, parts }: RuleContext,
): Attribute[] {
  if (!peer) return []
  const other = direction === 'ingress' ? 'source' : 'destination'
  if (isBlock(peer)) {
    const except = valueAt(peer, ['ipBlock', 'except'])
    const cidrs = Array.isArray(except) ? except.filter((one) => typeof one === 'string') : []
    return [
      ...range(other, textAt(peer, ['ipBlock', 'cidr']) ?? ''),
      ...cidrs.flatMap((cidr) => range(other, cidr, false)),
    ]
  }
  const peers = selectPeers(peer, namespace, options)
  const set = peerSet(parts, peers.key, ['ipv4_addr'], () =>
    peers.addresses().map(({ address }) => ({ key: addressKey(address) })),
  )
  return [other === 'source' ? source4() : destination4(), lookup(set)]
}

function namedPeers(peers: SelectedPeers, named: NamedPort, { parts }: RuleContext): Attribute[] {
  const protocol = asProtocol(named.protocol)
  const key = `${peers.key} ${named.name} ${protocol}`
  const set = peerSet(parts, key, ['ipv4_addr', 'inet_proto', 'inet_service'], () =>
    peers
      .addresses(named)
      .map(({ address, port }) => ({ key: addressPortKey(address, protocol, port) })),
  )
  return [destination4(), meta('l4proto', 9), destinationPort(10), lookup(set)]
}

function portExpressions(
  protocol: ReturnType<typeof asProtocol>,
  first: number | undefined,
  last: number | undefined,
): Attribute[] {
  const is = [meta('l4proto'), compare('equal', new Uint8Array([protocolNumber(protocol)]))]
  if (first === undefined || last === undefined) return is
  const bytes = (port: number): Uint8Array => new Uint8Array([port >> 8, port & 255])
  const ofPort =
    first === last
      ? [compare('equal', bytes(first))]
      : [compare('atLeast', bytes(first)), compare('atMost', bytes(last))]
  return [...is, destinationPort(1), ...ofPort]
}

/** A set that all rules with the same peers share. @returns its name */
function peerSet(
  parts: Map<string, TablePart>,
  key: string,
  type: SetDefinition['key'],
  elements: () => readonly SetElement[],
): string {
  const name = `peers-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`
  if (!parts.has(name))
    parts.set(name, {
      ...emptyPart,
      maps: new Map([[name, { name, key: type }]]),
      elements: elements().map((element) => ({ set: name, element })),
    })
  return name
}
