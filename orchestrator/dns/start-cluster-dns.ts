import { existsSync, readFileSync } from 'node:fs'
import type { KubeObject } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import { makeInformers } from '../client/informers.ts'
import type { Informers } from '../client/informers.ts'
import { isLoopback, parseAddress } from '../../runtime/network/ip-address.ts'
import { parseResolvConf } from '../../runtime/network/resolv-conf.ts'
import { clusterAddresses, readyEndpoints } from './cluster-answer.ts'
import type { ClusterNames } from './cluster-answer.ts'
import { listenDns } from './listen-dns.ts'
import { addOwnAddress, removeOwnAddress } from './own-address.ts'
import { makeResolver } from './resolver.ts'
import type { AskUpstream } from './resolver.ts'

export interface ClusterDnsOptions {
  readonly client: Client
  /** Absent: 10.96.0.10. The node answers it itself. */
  readonly address?: string | undefined
  /** Absent: 53. */
  readonly port?: number | undefined
  /** Absent: cluster.local. */
  readonly domain?: string | undefined
  /** Servers for all other names. Absent: those of the node's resolv.conf, read anew when it changes. */
  readonly upstreams?: readonly string[] | undefined
  /** Instead of asking the upstream servers. */
  readonly askUpstream?: AskUpstream | undefined
  /** Shared with others of this process; they stay open. */
  readonly informers?: Informers | undefined
  /** False: the address is this node's already. */
  readonly ownsAddress?: boolean | undefined
}

export interface ClusterDns {
  readonly address: string
  stop(): Promise<void>
}

export const usualDnsAddress = '10.96.0.10'
export const usualDomain = 'cluster.local'
const usualPort = 53

/** Answer for the cluster's names on this node. @returns when services are known and questions are answered */
export async function startClusterDns(options: ClusterDnsOptions): Promise<ClusterDns> {
  const { client, address = usualDnsAddress, port = usualPort, ownsAddress = true } = options
  const informers = options.informers ?? makeInformers(client)
  const close = (): void => {
    if (!options.informers) informers.stop()
  }
  try {
    const names = followNames(informers, options.domain ?? usualDomain)
    await informers.synced()
    if (ownsAddress) addOwnAddress(address)
    const askUpstream = options.askUpstream ?? upstreamAsker(options.upstreams, address)
    const end = await listenDns(address, port, makeResolver({ names, askUpstream }))
    return {
      address,
      stop: async () => {
        close()
        await end()
        if (ownsAddress) removeOwnAddress(address)
      },
    }
  } catch (error) {
    close()
    throw error
  }
}

const serviceNameLabel = 'kubernetes.io/service-name'

function followNames(informers: Informers, domain: string): ClusterNames {
  const services = informers.of({ apiVersion: 'v1', kind: 'Service' })
  const slices = informers.of({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' })
  const namespaces = informers.of({ apiVersion: 'v1', kind: 'Namespace' })
  slices.addIndex('dns-service', ({ metadata: { namespace, labels } }) => [
    `${namespace}/${labels?.[serviceNameLabel] ?? ''}`,
  ])
  slices.addIndex('dns-address', (slice) => readyEndpoints([slice]).map(({ address }) => address))
  services.addIndex('dns-address', (service) => clusterAddresses(service) ?? [])
  const nameOf = ({ metadata }: KubeObject): string =>
    `${metadata.name}.${metadata.namespace}.svc.${domain}`
  return {
    domain,
    service: (namespace, name) => services.get({ namespace, name }),
    slices: (namespace, service) => slices.byIndex('dns-service', `${namespace}/${service}`),
    hasNamespace: (name) => namespaces.get({ name }) !== undefined,
    nameOf: (address) => {
      const [service] = services.byIndex('dns-address', address)
      if (service) return nameOf(service)
      for (const slice of slices.byIndex('dns-address', address)) {
        const { namespace, labels } = slice.metadata
        const owner = services.get({ namespace, name: labels?.[serviceNameLabel] ?? '' })
        const endpoint = readyEndpoints([slice]).find((one) => one.address === address)
        if (owner && !clusterAddresses(owner) && endpoint?.hostname !== undefined)
          return `${endpoint.label}.${nameOf(owner)}`
      }
      return undefined
    },
  }
}

function upstreamAsker(servers: readonly string[] | undefined, own: string): AskUpstream {
  return async (question, transport) => {
    const { forward } = await import('../../runtime/network/dns-forward.ts')
    const usable = (servers ?? nodeServers()).filter((server) => server !== own)
    return forward(question, usable, transport)
  }
}

const resolvConfs = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']

/**
 * The node's own name servers. One on a loopback address answers in the machine's network namespace only, which a node
 * may not be in: where systemd-resolved is that one, its own servers are in a second file.
 */
function nodeServers(): string[] {
  return readNodeServers(resolvConfs.map(textOf))
}

/** @param texts of resolv.conf files, the first choice first */
export function readNodeServers(texts: readonly string[]): string[] {
  const lists = texts.map((text) => parseResolvConf(text).nameservers)
  const isRemote = (server: string): boolean => {
    const address = parseAddress(server)
    return address !== undefined && !isLoopback(address)
  }
  const remote = lists.map((list) => list.filter(isRemote)).find((list) => list.length > 0)
  return remote ?? [...(lists[0] ?? [])]
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** Text of the node's resolv.conf as pods with `dnsPolicy: Default` see it. */
export function nodeResolvConf(): string {
  const { search, options } = parseResolvConf(textOf(resolvConfs[0] ?? ''))
  return [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...nodeServers().map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('')
}
