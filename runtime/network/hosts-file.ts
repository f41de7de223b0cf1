import { OperationError } from '../../native/error.ts'
import { parseAddress } from './ip-address.ts'

/** What a container's /etc/hosts depends on. */
export interface HostsFileContent {
  readonly hostname: string
  /** The container's name, which finds it as well. */
  readonly name?: string | undefined
  readonly domainname?: string | undefined
  /** The container's own addresses; empty with `--network none`. */
  readonly addresses: readonly string[]
  /** `--add-host`; the address may be `host-gateway`. */
  readonly addHosts: readonly { readonly name: string; readonly address: string }[]
  /** Where `host-gateway` leads: the gateway of the container's network. */
  readonly gateway?: string | undefined
  /** False where the host has no IPv6. */
  readonly ipv6?: boolean | undefined
}

const ipv6Lines = [
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['fe00::', 'ip6-localnet'],
  ['ff00::', 'ip6-mcastprefix'],
  ['ff02::1', 'ip6-allnodes'],
  ['ff02::2', 'ip6-allrouters'],
] as const

/**
 * Text of a container's /etc/hosts, hosts(5). Pure.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for an added host whose address is none
 */
export function renderHosts(content: HostsFileContent): string {
  const { hostname, domainname, name, addresses, addHosts, ipv6 = true } = content
  const full = domainname ? [`${hostname}.${domainname}`] : []
  const names = [...new Set([...full, hostname, name ?? hostname])].join(' ')
  const lines: (readonly [string, string])[] = [
    ['127.0.0.1', 'localhost'],
    ...(ipv6 ? ipv6Lines : []),
    ...addHosts.map(({ name, address }) => [hostAddress(name, address, content), name] as const),
    ...addresses.map((address) => [address, names] as const),
  ]
  return lines.map(([address, text]) => `${address}\t${text}\n`).join('')
}

function hostAddress(name: string, address: string, { gateway }: HostsFileContent): string {
  const resolved = address === 'host-gateway' ? gateway : address
  if (resolved !== undefined && parseAddress(resolved) && /^[^\s#]+$/.test(name)) return resolved
  throw new OperationError(
    'INVALID_ARGUMENT',
    'add a host',
    { name, address },
    {
      hint:
        address === 'host-gateway'
          ? 'This container has no network with a gateway: give an address'
          : 'Write it as NAME:ADDRESS, or NAME:host-gateway',
    },
  )
}
