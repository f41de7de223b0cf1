import { OperationError } from '../../native/error.ts'
import { concatBytes } from '../../native/netlink-attribute.ts'
import type { SetName } from './firewall-table.ts'
import { formatAddress, isUnspecified, requireAddress } from './ip-address.ts'
import type { SetElement } from './nftables/set.ts'

// A published port, as a map element of the firewall and as the name of its lease file. Pure.

export type PortProtocol = 'tcp' | 'udp' | 'sctp'

/** One host port and where in which container it leads. */
export interface PortBinding {
  /** `0.0.0.0` or `::` for every address of that family. */
  readonly hostIp: string
  readonly hostPort: number
  readonly protocol: PortProtocol
  /** Address of the container, of the same family as `hostIp`. */
  readonly targetIp: string
  readonly containerPort: number
}

export type HostPort = Pick<PortBinding, 'hostIp' | 'hostPort' | 'protocol'>

const protocolNumbers: Readonly<Record<PortProtocol, number>> = {
  tcp: 6,
  udp: 17,
  sctp: 132,
}

export const portMaps = ['any4', 'bound4', 'any6', 'bound6'] as const
export type PortMap = (typeof portMaps)[number] & SetName

function portWord(port: number): Uint8Array {
  return new Uint8Array([port >> 8, port & 255, 0, 0])
}

/** Which map a published port is in, and its element there. */
export function portElement(binding: PortBinding): { map: PortMap; element: SetElement } {
  const host = requireAddress(binding.hostIp, 'a host address')
  const target = requireAddress(binding.targetIp, 'the address of a container')
  const version = host.length === 4 ? 4 : 6
  const every = isUnspecified(host)
  return {
    map: every ? `any${version}` : `bound${version}`,
    element: {
      key: concatBytes([
        ...(every ? [] : [host]),
        new Uint8Array([protocolNumbers[binding.protocol], 0, 0, 0]),
        portWord(binding.hostPort),
      ]),
      data: concatBytes([target, portWord(binding.containerPort)]),
    },
  }
}

/** The host port that an element's key stands for; undefined where no key of ours looks so. */
export function hostPortOfKey(map: PortMap, key: Uint8Array): HostPort | undefined {
  const addressBytes = map === 'bound4' ? 4 : map === 'bound6' ? 16 : 0
  const number = key[addressBytes]
  const protocol = (['tcp', 'udp', 'sctp'] as const).find((one) => protocolNumbers[one] === number)
  if (!protocol || key.length !== addressBytes + 8) return undefined
  const unspecified = map === 'any4' ? '0.0.0.0' : '::'
  const hostIp = addressBytes === 0 ? unspecified : formatAddress(key.subarray(0, addressBytes))
  const hostPort = ((key[addressBytes + 4] ?? 0) << 8) | (key[addressBytes + 5] ?? 0)
  return { hostIp, hostPort, protocol }
}

/** `0.0.0.0_tcp_8080` */
export function portLeaseName({ hostIp, protocol, hostPort }: HostPort): string {
  return `${hostIp}_${protocol}_${hostPort}`
}

/** The host port that a lease file's name stands for; undefined for other names. */
export function hostPortOfLease(name: string): HostPort | undefined {
  const match = /^([0-9a-f.:]+)_(tcp|udp|sctp)_(\d{1,5})$/.exec(name)
  if (!match) return undefined
  const [, hostIp = '', protocol, port] = match
  return { hostIp, hostPort: Number(port), protocol: protocol as PortProtocol }
}

/** What a port's lease file says. */
export interface PortLease {
  readonly container: string
  readonly targetIp: string
  readonly containerPort: number
}

/** @throws {OperationError} `PROTOCOL` where the text is not ours */
export function parsePortLease(text: string, path: string): PortLease {
  const [container, targetIp, port] = text.trimEnd().split(' ')
  if (container && targetIp && port) return { container, targetIp, containerPort: Number(port) }
  throw new OperationError('PROTOCOL', 'read the lease of a port', { path })
}

export function formatPortLease({ container, targetIp, containerPort }: PortLease): string {
  return `${container} ${targetIp} ${containerPort}\n`
}

/** `port 0.0.0.0:8080/tcp and 2 more` */
export function showPorts(ports: readonly HostPort[]): string {
  const [first] = ports
  const shown = first ? `${first.hostIp}:${first.hostPort}/${first.protocol}` : ''
  return `port ${shown}${ports.length > 1 ? ` and ${ports.length - 1} more` : ''}`
}
