import type { KubeObject } from '../api/object.ts'
import { listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import {
  changeMark,
  constant,
  destinationNat,
  goTo,
  jump,
  mapLookup,
  randomNumber,
  remember,
  verdictLookup,
} from '../../runtime/network/nftables/expression.ts'
import type { SetDefinition } from '../../runtime/network/nftables/set.ts'
import { concatBytes } from '../../native/netlink-attribute.ts'
import { masqueradeMark } from './base-table.ts'
import {
  addressKey,
  addressPortKey,
  backendData,
  isIpv4,
  numberKey,
  portKey,
  protocolPortKey,
  range,
  source4,
} from './packet.ts'
import { chooseEndpoints, endpointsOf, portsOf } from './service-endpoints.ts'
import type { ChosenEndpoints, Endpoint, NodePlace, ServicePort } from './service-endpoints.ts'
import type { Backends, PlacedElement, TablePart, TableRule } from './table-part.ts'

// What one service has in the table: elements that lead to its chains, and chains that lead to its endpoints. Pure.

export interface ServiceContext extends NodePlace {
  readonly clusterCidr: string
  /** Addresses of services that something on this node serves itself. */
  readonly ownAddresses: ReadonlySet<string>
}

interface Draft {
  readonly maps: Map<string, SetDefinition>
  readonly chains: Map<string, readonly TableRule[]>
  readonly elements: PlacedElement[]
  readonly backends: Map<string, Backends>
}

/** @param slices those of the service */
export function planService(
  service: KubeObject,
  slices: readonly KubeObject[],
  context: ServiceContext,
): TablePart {
  const draft: Draft = { maps: new Map(), chains: new Map(), elements: [], backends: new Map() }
  if (textAt(service, ['spec', 'type']) === 'ExternalName') return draft
  for (const port of portsOf(service)) {
    const endpoints = endpointsOf(slices, port)
    const chosen = chooseEndpoints(endpoints, context)
    planPort({ service, port, chosen, context, draft })
    draft.elements.push(...hairpins(endpoints, context))
  }
  return draft
}

interface PortPlan {
  readonly service: KubeObject
  readonly port: ServicePort
  readonly chosen: ChosenEndpoints
  readonly context: ServiceContext
  readonly draft: Draft
}

function planPort(plan: PortPlan): void {
  const { service, context } = plan
  const ip = clusterAddress(service)
  if (ip !== undefined && !context.ownAddresses.has(ip)) planInternal(plan, ip)
  planExternal(plan)
}

/** The address inside the cluster; undefined for headless services. */
function clusterAddress(service: KubeObject): string | undefined {
  const ip = textAt(service, ['spec', 'clusterIP'])
  return ip && ip !== 'None' && !ip.includes(':') ? ip : undefined
}

function planInternal(plan: PortPlan, ip: string): void {
  const { service, port, chosen, draft } = plan
  const isLocal = textAt(service, ['spec', 'internalTrafficPolicy']) === 'Local'
  const chain = isLocal ? chainHere(plan) : chainAnywhere(plan)
  const key = addressPortKey(ip, port.protocol, port.port)
  draft.elements.push(
    chain === undefined
      ? blocked('blocked-ips', key, chosen)
      : { set: 'service-ips', element: { key, data: goTo(chain) } },
  )
}

/** Node ports and addresses from outside. */
function planExternal(plan: PortPlan): void {
  const { service, port, chosen, draft } = plan
  const addresses = externalAddresses(service)
  if (addresses.length === 0 && port.nodePort === undefined) return
  const isLocal = textAt(service, ['spec', 'externalTrafficPolicy']) === 'Local'
  const chain = isLocal ? chainExternalLocal(plan) : chainExternal(plan)
  const isBlocked = isLocal ? chosen.here.length === 0 : chosen.anywhere.length === 0
  const keys: [string, Uint8Array][] = addresses.map((address) => [
    'ips',
    addressPortKey(address, port.protocol, port.port),
  ])
  if (port.nodePort !== undefined)
    keys.push(['ports', protocolPortKey(port.protocol, port.nodePort)])
  for (const [kind, key] of keys) {
    const set = kind === 'ips' ? 'service-ips' : 'node-ports'
    if (chain !== undefined) draft.elements.push({ set, element: { key, data: goTo(chain) } })
    if (isBlocked) draft.elements.push(blocked(`blocked-${kind}`, key, chosen))
  }
}

/** Where others have endpoints a client may try again; where nobody has, it is told so. */
function blocked(set: string, key: Uint8Array, { anywhere }: ChosenEndpoints): PlacedElement {
  return { set, element: { key, data: goTo(anywhere.length > 0 ? 'drop' : 'reject') } }
}

function externalAddresses(service: KubeObject): string[] {
  const given = valueAt(service, ['spec', 'externalIPs'])
  const balanced = listAt(service, ['status', 'loadBalancer', 'ingress']).flatMap((one) =>
    textAt(one, ['ipMode']) === 'Proxy' ? [] : (textAt(one, ['ip']) ?? []),
  )
  const all = [...(Array.isArray(given) ? given : []), ...balanced]
  return all.filter((ip): ip is string => typeof ip === 'string' && /^[\d.]+$/.test(ip))
}

function nameOf({ service, port }: PortPlan): string {
  const { namespace = '', name = '' } = service.metadata
  return `${namespace}/${name}/${port.protocol.toLowerCase()}/${port.port}`
}

function chainAnywhere(plan: PortPlan): string | undefined {
  return backendChain(plan, 'service', plan.chosen.anywhere)
}

function chainHere(plan: PortPlan): string | undefined {
  return backendChain(plan, 'local', plan.chosen.here)
}

function chainExternal(plan: PortPlan): string | undefined {
  const service = chainAnywhere(plan)
  if (service === undefined) return undefined
  const name = `external-${nameOf(plan)}`
  plan.draft.chains.set(name, [
    {
      comment: 'any node may answer, so the answer comes back through this one',
      expressions: [...changeMark(masqueradeMark, true), jump(service)],
    },
  ])
  return name
}

/** Clients keep their addresses, and only pods of this node answer; the cluster's own pods are sent anywhere. */
function chainExternalLocal(plan: PortPlan): string | undefined {
  const [service, local] = [chainAnywhere(plan), chainHere(plan)]
  const rules: TableRule[] = []
  if (service !== undefined)
    rules.push({
      comment: 'pods of the cluster',
      expressions: [...range('source', plan.context.clusterCidr), jump(service)],
    })
  if (local !== undefined)
    rules.push({ comment: 'from outside: pods of this node', expressions: [jump(local)] })
  if (rules.length === 0) return undefined
  const name = `external-${nameOf(plan)}`
  plan.draft.chains.set(name, rules)
  return name
}

function backendChain(
  plan: PortPlan,
  kind: 'service' | 'local',
  endpoints: readonly Endpoint[],
): string | undefined {
  if (endpoints.length === 0) return undefined
  const name = `${kind}-${nameOf(plan)}`
  if (plan.draft.chains.has(name)) return name
  const { draft, port } = plan
  const seconds = affinitySeconds(plan.service)
  const clients: SetDefinition | undefined =
    seconds === undefined
      ? undefined
      : { ...backendMap, name: `clients-${name}-${seconds}`, timeout: seconds }
  const all = endpoints.map((endpoint) => backendData(endpoint.address, endpoint.port))
  draft.backends.set(name, { protocol: port.protocol, all, clients: clients?.name })
  if (clients === undefined) addPlainChain(draft, name, all)
  else addStickyChain(draft, name, endpoints, clients)
  return name
}

const usualAffinity = 10_800

function affinitySeconds(service: KubeObject): number | undefined {
  if (textAt(service, ['spec', 'sessionAffinity']) !== 'ClientIP') return undefined
  const path = ['spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds']
  return numberAt(service, path) ?? usualAffinity
}

const backendMap = { key: ['ipv4_addr'], data: ['ipv4_addr', 'inet_service'] } as const
const send = destinationNat('ipv4', 1, 9)

/** A random number leads to a backend, by a map of its own: one look-up, however many there are. */
function addPlainChain(draft: Draft, name: string, all: readonly Uint8Array[]): void {
  const map = `endpoints-${name}`
  draft.maps.set(map, { ...backendMap, name: map, key: ['mark'] })
  for (const [index, data] of all.entries())
    draft.elements.push({ set: map, element: { key: numberKey(index), data } })
  const expressions = [...isIpv4, randomNumber(all.length), mapLookup(map), send]
  draft.chains.set(name, [{ comment: `one of ${all.length}`, expressions }])
}

/** A client that is known goes where it went; another is sent by a chain that remembers it. */
function addStickyChain(
  draft: Draft,
  name: string,
  endpoints: readonly Endpoint[],
  clients: SetDefinition,
): void {
  const map = `endpoints-${name}`
  draft.maps.set(clients.name, clients)
  draft.maps.set(map, { name: map, key: ['mark'], data: 'verdict' })
  draft.chains.set(name, [
    {
      comment: 'as last time',
      expressions: [...isIpv4, source4(), mapLookup(clients.name), send],
    },
    {
      comment: `one of ${endpoints.length}, from now on`,
      expressions: [...isIpv4, randomNumber(endpoints.length), verdictLookup(map)],
    },
  ])
  for (const [index, { address, port }] of endpoints.entries()) {
    const chain = `backend-${name}/${address}/${port}`
    const where = [constant(addressKey(address), 1), constant(portKey(port).subarray(0, 2), 9)]
    draft.chains.set(chain, [
      {
        comment: 'remembered',
        expressions: [source4(2), ...where, remember(clients.name, 2, 1), send],
      },
    ])
    draft.elements.push({ set: map, element: { key: numberKey(index), data: goTo(chain) } })
  }
}

/** A pod that reaches itself would answer itself directly, and not know the answer. */
function hairpins(endpoints: readonly Endpoint[], { nodeName }: NodePlace): PlacedElement[] {
  return endpoints
    .filter(({ node }) => node === nodeName || node === undefined)
    .map(({ address }) => hairpin(address))
}

export function hairpin(address: string): PlacedElement {
  const key = addressKey(address)
  return { set: 'hairpin', element: { key: concatBytes([key, key]) } }
}
