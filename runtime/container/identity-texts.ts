import { OperationError } from '../../native/error.ts'
import { hostname as readHostname } from 'node:os'
import { renderHosts } from '../network/hosts-file.ts'
import { hostHasIpv6 } from '../network/host-network.ts'
import { renderResolvConf } from '../network/resolv-conf.ts'
import { hasWayOut, wayOutNameServer } from '../network/way-out.ts'
import { readTextIfPresent } from './durable-file.ts'
import type { HostEntry, NetworkOptions } from './options.ts'
import type { ContainerRecord } from './record.ts'
import type { NetworkAttachment } from './state.ts'

/** Texts of files by which a container knows names. */
export interface IdentityTexts {
  readonly hosts: string
  readonly resolvConf: string
}

/** What they depend on beside the container's options. */
export interface IdentitySource {
  readonly attachments?: readonly NetworkAttachment[]
  /** Address of the name server of the first network that has one. */
  readonly nameServer?: string | undefined
  /** The container shares the host's network. */
  readonly isHost?: boolean
  /** Of the containers that it links to. */
  readonly links?: readonly HostEntry[]
}

/** /etc/hosts and /etc/resolv.conf of a container. */
export function identityTexts(
  { id, options }: ContainerRecord,
  { attachments = [], nameServer, isHost = false, links = [] }: IdentitySource,
): IdentityTexts {
  const { network, hostname, domainname } = options
  const ipv6 = isHost ? hostHasIpv6() : attachments.some((one) => one.ipv6 !== undefined)
  return {
    hosts:
      baseHosts(network) +
      renderHosts({
        hostname: isHost ? readHostname() : (hostname ?? id.slice(0, 12)),
        domainname,
        addresses: attachments.flatMap((one) => addressesOf(one)),
        addHosts: [...network.addHosts, ...links],
        gateway: isHost
          ? '127.0.0.1'
          : (attachments[0]?.ipv4Gateway ?? attachments[0]?.ipv6Gateway),
        ipv6,
      }),
    resolvConf: renderResolvConf({
      host: readTextIfPresent('/etc/resolv.conf') ?? '',
      dns: network.dns,
      search: network.dnsSearch,
      options: network.dnsOptions,
      nameServer,
      wayOutServer: attachments.length > 0 && hasWayOut() ? wayOutNameServer : undefined,
      hostNetwork: isHost,
      ipv6,
    }),
  }
}

function addressesOf({ ipv4, ipv6 }: NetworkAttachment): string[] {
  return [ipv4, ipv6].filter((address) => address !== undefined)
}

/** Lines of the user's own file, as they are now; `localhost` is said by ours. */
function baseHosts({ hostsFile }: NetworkOptions): string {
  if (hostsFile === undefined) return ''
  const text = readTextIfPresent(hostsFile)
  if (text === undefined)
    throw new OperationError(
      'NOT_FOUND',
      'begin /etc/hosts with a file of the host',
      { path: hostsFile },
      { hint: 'There is no such file: see --hosts-file' },
    )
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
