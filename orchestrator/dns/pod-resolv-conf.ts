import type { KubeObject } from '../api/object.ts'
import { listAt, textAt, valueAt } from '../api/object.ts'
import { parseResolvConf } from '../../runtime/network/resolv-conf.ts'

export interface PodResolvConfOptions {
  /** Address of the cluster's DNS. */
  readonly clusterDns: string
  /** Like `cluster.local`. */
  readonly domain: string
  /** Text of the node's own resolv.conf. */
  readonly hostResolvConf: string
}

interface Parts {
  readonly servers: readonly string[]
  readonly search: readonly string[]
  readonly options: readonly string[]
}

/** As many as the C library reads, and as the API allows. */
const mostServers = 3
const mostSearch = 32

/** Text of a pod's /etc/resolv.conf, by its `dnsPolicy` and `dnsConfig`. Pure. */
export function podResolvConf(pod: KubeObject, options: PodResolvConfOptions): string {
  const base = partsFor(pod, options)
  const servers = unique([...base.servers, ...textsAt(pod, 'nameservers')]).slice(0, mostServers)
  const search = unique([...base.search, ...textsAt(pod, 'searches')]).slice(0, mostSearch)
  const choices = mergeOptions(base.options, optionsOf(pod))
  const lines = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(choices.length > 0 ? [`options ${choices.join(' ')}`] : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function partsFor(pod: KubeObject, options: PodResolvConfOptions): Parts {
  const { nameservers, search, options: choices } = parseResolvConf(options.hostResolvConf)
  const host = {
    servers: nameservers,
    search: search.filter((name) => name !== '.'),
    options: choices,
  }
  const policy = textAt(pod, ['spec', 'dnsPolicy']) ?? 'ClusterFirst'
  const isOnHost = valueAt(pod, ['spec', 'hostNetwork']) === true
  if (policy === 'None') return { servers: [], search: [], options: [] }
  if (policy === 'Default' || (policy === 'ClusterFirst' && isOnHost)) return host
  const { clusterDns, domain } = options
  const namespace = pod.metadata.namespace ?? 'default'
  return {
    servers: [clusterDns],
    search: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain, ...host.search],
    options: ['ndots:5'],
  }
}

function textsAt(pod: KubeObject, field: string): string[] {
  const list = valueAt(pod, ['spec', 'dnsConfig', field])
  return Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : []
}

function optionsOf(pod: KubeObject): string[] {
  return listAt(pod, ['spec', 'dnsConfig', 'options']).flatMap((option) => {
    const [name, value] = [textAt(option, ['name']), textAt(option, ['value'])]
    if (name === undefined) return []
    return [value === undefined || value === '' ? name : `${name}:${value}`]
  })
}

/** The pod's own choice counts, where both name one option. */
function mergeOptions(base: readonly string[], own: readonly string[]): string[] {
  const merged = new Map([...base, ...own].map((option) => [option.split(':')[0], option]))
  return [...merged.values()]
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)]
}
