import type { Answer, Question } from 'dns-packet'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import { addressOfReverseName } from '../../runtime/network/dns-answer.ts'
import { parseAddress } from '../../runtime/network/ip-address.ts'

// What the cluster's DNS says to one question: the names of services and pods, as Kubernetes DNS-Based Service Discovery
// (version 1.1.0) has them. Pure.

/** What there is to be named. */
export interface ClusterNames {
  readonly domain: string
  service(namespace: string, name: string): KubeObject | undefined
  /** Slices of a service. */
  slices(namespace: string, service: string): readonly KubeObject[]
  hasNamespace(namespace: string): boolean
  /** Name without a dot at its end, by address. */
  nameOf(address: string): string | undefined
}

export type Reply =
  | {
      readonly kind: 'answers'
      readonly answers: readonly Answer[]
      readonly additional?: readonly Answer[]
    }
  /** There is no such name. */
  | { readonly kind: 'unknown' }
  /** A name of somebody else; `first` leads to it. */
  | { readonly kind: 'elsewhere'; readonly name: string; readonly first: readonly Answer[] }

/** Seconds; short, for pods come and go. */
export const clusterTtl = 5

const nothing: Reply = { kind: 'answers', answers: [] }
const unknown: Reply = { kind: 'unknown' }

/** Names may be asked for in any case and with or without a dot at the end. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

export function answerCluster(question: Question, names: ClusterNames): Reply {
  const name = normalName(question.name)
  const reverse = addressOfReverseName(name)
  if (reverse !== undefined) return answerReverse(question, reverse, names)
  const { domain } = names
  if (name !== domain && !name.endsWith(`.${domain}`))
    // Nobody else could know a lone word.
    return name.includes('.') ? { kind: 'elsewhere', name: question.name, first: [] } : unknown
  const labels = name === domain ? [] : name.slice(0, -domain.length - 1).split('.')
  const [kind, namespace, ...rest] = labels.toReversed()
  if (kind === undefined) return nothing
  if (kind === 'dns-version' && namespace === undefined) return version(question)
  if (kind !== 'svc' && kind !== 'pod') return unknown
  if (namespace === undefined) return nothing
  if (!names.hasNamespace(namespace)) return unknown
  if (kind === 'pod') return answerPod(question, rest)
  return answerService(question, namespace, rest, names)
}

function version({ name, type }: Question): Reply {
  const answers: Answer[] = type === 'TXT' ? [{ type, name, ttl: clusterTtl, data: '1.1.0' }] : []
  return { kind: 'answers', answers }
}

function answerReverse(question: Question, address: string, names: ClusterNames): Reply {
  const name = names.nameOf(address)
  if (name === undefined) return { kind: 'elsewhere', name: question.name, first: [] }
  if (question.type !== 'PTR') return nothing
  const answer: Answer = { type: 'PTR', name: question.name, ttl: clusterTtl, data: name }
  return { kind: 'answers', answers: [answer] }
}

/** `10-244-1-7.NAMESPACE.pod`: an address, whether or not a pod has it now. */
function answerPod(question: Question, [dashed, ...more]: readonly string[]): Reply {
  if (dashed === undefined) return nothing
  const text = dashed.replaceAll('-', '.')
  if (more.length > 0 || parseAddress(text)?.length !== 4) return unknown
  return addresses(question, [text])
}

function answerService(
  question: Question,
  namespace: string,
  [name, ...rest]: readonly string[],
  names: ClusterNames,
): Reply {
  if (name === undefined) return nothing
  const service = names.service(namespace, name)
  if (!service) return unknown
  if (textAt(service, ['spec', 'type']) === 'ExternalName')
    return rest.length === 0 ? external(question, service) : unknown
  const clusterIps = clusterAddresses(service)
  const endpoints = clusterIps ? [] : readyEndpoints(names.slices(namespace, name))
  const whole = `${name}.${namespace}.svc.${names.domain}`
  const view: ServiceView = { question, service, clusterIps, endpoints, whole }
  const [first, second, third] = rest
  if (first === undefined)
    return clusterIps || endpoints.length > 0
      ? addresses(question, clusterIps ?? endpoints.map(({ address }) => address))
      : unknown
  if (second === undefined) return answerLabel(view, first)
  if (third !== undefined || !first.startsWith('_') || !second.startsWith('_')) return unknown
  return answerPort(view, second.slice(1), first.slice(1))
}

interface ServiceView {
  readonly question: Question
  readonly service: KubeObject
  /** Undefined: it has none, and its endpoints are its addresses. */
  readonly clusterIps: readonly string[] | undefined
  readonly endpoints: readonly NamedEndpoint[]
  /** Its name in full. */
  readonly whole: string
}

/** A CNAME; who asked follows it, with our help. */
function external({ name }: Question, service: KubeObject): Reply {
  const target = textAt(service, ['spec', 'externalName'])
  if (!target) return unknown
  const data = normalName(target)
  return { kind: 'elsewhere', name: data, first: [{ type: 'CNAME', name, ttl: clusterTtl, data }] }
}

/** One endpoint of a headless service, or all protocols' ports below `_tcp`, which say nothing by themselves. */
function answerLabel({ question, endpoints }: ServiceView, label: string): Reply {
  if (label === '_tcp' || label === '_udp') return nothing
  const found = endpoints.filter((endpoint) => endpoint.label === label)
  return found.length > 0
    ? addresses(
        question,
        found.map(({ address }) => address),
      )
    : unknown
}

function answerPort(view: ServiceView, portName: string, protocol: string): Reply {
  const { question, service, clusterIps, endpoints, whole } = view
  const targets = clusterIps
    ? listAt(service, ['spec', 'ports'])
        .filter((port) => isNamed(port, portName, protocol))
        .map((port) => ({
          port: numberAt(port, ['port']) ?? 0,
          target: whole,
          addresses: clusterIps,
        }))
    : endpoints.flatMap(({ ports, label, address }) =>
        ports
          .filter((port) => isNamed(port, portName, protocol))
          .map((port) => ({
            port: numberAt(port, ['port']) ?? 0,
            target: `${label}.${whole}`,
            addresses: [address],
          })),
      )
  if (targets.length === 0) return unknown
  if (question.type !== 'SRV') return nothing
  const weight = Math.max(1, Math.floor(100 / targets.length))
  const answers = targets.map(({ port, target }): Answer => ({
    type: 'SRV',
    name: question.name,
    ttl: clusterTtl,
    data: { priority: 0, weight, port, target },
  }))
  const additional = targets.flatMap((one) => one.addresses.map((ip) => address(one.target, ip)))
  return { kind: 'answers', answers, additional }
}

function isNamed(port: JsonObject, name: string, protocol: string): boolean {
  const own = (textAt(port, ['protocol']) ?? 'TCP').toLowerCase()
  return textAt(port, ['name']) === name && own === protocol
}

/** Undefined for a headless service. */
export function clusterAddresses(service: KubeObject): string[] | undefined {
  const ip = textAt(service, ['spec', 'clusterIP'])
  if (ip === 'None' || ip === undefined || ip === '') return undefined
  const all = valueAt(service, ['spec', 'clusterIPs'])
  return Array.isArray(all) && all.length > 0
    ? all.filter((one): one is string => typeof one === 'string')
    : [ip]
}

export interface NamedEndpoint {
  readonly address: string
  /** Its hostname, or its address with dashes. */
  readonly label: string
  readonly hostname: string | undefined
  readonly ports: readonly JsonObject[]
}

export function readyEndpoints(slices: readonly KubeObject[]): NamedEndpoint[] {
  const found = new Map<string, NamedEndpoint>()
  for (const slice of slices)
    for (const endpoint of listAt(slice, ['endpoints'])) {
      if (valueAt(endpoint, ['conditions', 'ready']) === false) continue
      const list = valueAt(endpoint, ['addresses'])
      const hostname = textAt(endpoint, ['hostname'])
      for (const ip of Array.isArray(list) ? list : []) {
        if (typeof ip !== 'string') continue
        const label = hostname ?? ip.replaceAll(/[.:]/g, '-')
        const ports = [...(found.get(ip)?.ports ?? []), ...listAt(slice, ['ports'])]
        found.set(ip, { address: ip, label: label.toLowerCase(), hostname, ports })
      }
    }
  return [...found.values()]
}

function addresses({ name, type }: Question, all: readonly string[]): Reply {
  const wanted = all
    .filter((ip) => (type === 'A' && !ip.includes(':')) || (type === 'AAAA' && ip.includes(':')))
    .map((ip) => address(name, ip))
  return { kind: 'answers', answers: wanted }
}

function address(name: string, ip: string): Answer {
  return { type: ip.includes(':') ? 'AAAA' : 'A', name, ttl: clusterTtl, data: ip }
}
