import { OperationError } from '../../native/error.ts'
import { isLoopback, isUnspecified, parseAddress } from './ip-address.ts'

/** What a container's /etc/resolv.conf depends on. */
export interface ResolvConfContent {
  /** The host's /etc/resolv.conf; empty where it has none. */
  readonly host: string
  /** `--dns`, `--dns-search`, `--dns-option`. */
  readonly dns: readonly string[]
  readonly search: readonly string[]
  readonly options: readonly string[]
  /** Address of the network's own name server, which then stands alone. */
  readonly nameServer?: string | undefined
  /** What leads out has a name server of its own, which asks those of the host for whoever cannot. */
  readonly wayOutServer?: string | undefined
  /** The container shares the host's network namespace, where loopback name servers answer. */
  readonly hostNetwork?: boolean | undefined
  /** Whether the container has IPv6. */
  readonly ipv6?: boolean | undefined
}

interface ResolvConf {
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly options: readonly string[]
  /** Lines of other directives, as they stand. */
  readonly others: readonly string[]
}

const publicServers = ['8.8.8.8', '8.8.4.4'] as const
const publicServers6 = ['2001:4860:4860::8888', '2001:4860:4860::8844'] as const

/** Read resolv.conf(5). The last `search` or `domain` line counts; comments are left out. Pure. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  const options: string[] = []
  const others: string[] = []
  let search: readonly string[] = []
  for (const line of text.split('\n')) {
    const [directive, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (directive === 'nameserver' && values[0] !== undefined) nameservers.push(values[0])
    else if (directive === 'search' || directive === 'domain') search = values
    else if (directive === 'options') options.push(...values)
    else if (directive) others.push([directive, ...values].join(' '))
  }
  return { nameservers, search, options, others }
}

/**
 * Text of a container's /etc/resolv.conf: the host's, with what the user asked for instead. Pure.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for a name server that is no address
 */
export function renderResolvConf(content: ResolvConfContent): string {
  const host = parseResolvConf(content.host)
  const wanted = content.search.length > 0 ? content.search : host.search
  const search = wanted.filter((domain) => domain !== '.')
  const options = content.options.length > 0 ? content.options : host.options
  const lines = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...chooseServers(content, host).map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    ...host.others,
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function chooseServers(content: ResolvConfContent, host: ResolvConf): readonly string[] {
  for (const server of content.dns) requireServer(server)
  if (content.nameServer !== undefined) return [content.nameServer]
  if (content.dns.length > 0) return content.dns
  if (content.hostNetwork) return host.nameservers
  if (content.wayOutServer !== undefined) return [content.wayOutServer]
  const usable = host.nameservers.filter((server) => isReachable(server, content.ipv6 ?? false))
  if (usable.length > 0) return usable
  return [...publicServers, ...(content.ipv6 ? publicServers6 : [])]
}

function requireServer(server: string): void {
  if (parseAddress(server)) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    'set a name server',
    { dns: server },
    { hint: 'Give its IP address' },
  )
}

/** Whether a container can reach a name server of the host: not a loopback one, and by its family. */
function isReachable(server: string, ipv6: boolean): boolean {
  // A zone (fe80::1%eth0) names an interface that the container does not have.
  const address = server.includes('%') ? undefined : parseAddress(server)
  if (!address || isLoopback(address) || isUnspecified(address)) return false
  return address.length === 4 || ipv6
}
