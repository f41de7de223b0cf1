import { OperationError } from '../../native/error.ts'
import { formatAddress, parseAddress } from './ip-address.ts'
import type { PortProtocol } from './published-port.ts'

// Port specifications of `-p`, `--expose` and the EXPOSE instruction. Pure.

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** One container port to publish. */
export interface PortRequest {
  /** Absent: every address. */
  readonly hostIp?: string | undefined
  /** Where to: one port, a range to pick any from, or absent for any of the kernel's own range. */
  readonly hostPorts?: PortRange | undefined
  readonly containerPort: number
  readonly protocol: PortProtocol
}

/** A port that an image or the user names without publishing it. */
export interface ExposedPort {
  readonly port: number
  readonly protocol: PortProtocol
}

/**
 * Read one `-p` value: `80`, `8080:80`, `127.0.0.1:8080:80/udp`, `127.0.0.1::80`, `[::1]:8080:80`,
 * `8000-8010:9000-9010`, `8000-8010:80` (any of them).
 *
 * @throws {OperationError} `INVALID_ARGUMENT` saying which part is wrong
 */
export function parsePortSpec(spec: string): PortRequest[] {
  const { text, protocol } = splitProtocol(spec)
  const match = /^(?:(\[[^\]]*\]|[^:]*):)?(?:([^:]*):)?([^:]*)$/.exec(text)
  if (!match) throw badSpec(spec, 'write it as [[ip:]hostPort:]containerPort[/protocol]')
  const [, one, two, last = ''] = match
  // With two parts the first is a host port, with three it is an address.
  const [ip, host] = two === undefined ? [undefined, one] : [one, two]
  const container = parseRange(last, spec, 'container port', 1)
  const hostIp = ip === undefined || ip === '' ? undefined : parseHostIp(ip, spec)
  const hostPorts =
    host === undefined || host === '' ? undefined : parseRange(host, spec, 'host port', 0)
  return pairPorts(spec, container, hostPorts).map(([containerPort, range]) => ({
    ...(hostIp === undefined ? {} : { hostIp }),
    ...(range ? { hostPorts: range } : {}),
    containerPort,
    protocol,
  }))
}

/**
 * Read one `--expose` value: `80`, `53/udp`, `8000-8005`.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function parseExposedPorts(spec: string): ExposedPort[] {
  const { text, protocol } = splitProtocol(spec)
  const { first, last } = parseRange(text, spec, 'port', 1)
  return Array.from({ length: last - first + 1 }, (_, index) => ({ port: first + index, protocol }))
}

function badSpec(spec: string, hint: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', 'read a port specification', { spec }, { hint })
}

function splitProtocol(spec: string): { text: string; protocol: PortProtocol } {
  const slash = spec.indexOf('/')
  if (slash < 0) return { text: spec, protocol: 'tcp' }
  const protocol = spec.slice(slash + 1).toLowerCase()
  if (protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp')
    return { text: spec.slice(0, slash), protocol }
  throw badSpec(spec, 'The protocol is one of tcp, udp and sctp')
}

function parseHostIp(text: string, spec: string): string {
  const bare = text.startsWith('[') ? text.slice(1, -1) : text
  const address = text.startsWith('[') === bare.includes(':') ? parseAddress(bare) : undefined
  if (address) return formatAddress(address)
  throw badSpec(spec, 'The host address is an IPv4 address, or an IPv6 address in brackets')
}

/** @param lowest 0 for a host port, where it means any free one */
function parseRange(text: string, spec: string, what: string, lowest: 0 | 1): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  const first = Number(match?.[1])
  const last = match?.[2] === undefined ? first : Number(match[2])
  if (match && first >= lowest && last <= 65_535 && first <= last) return { first, last }
  throw badSpec(spec, `The ${what} is a number from ${lowest} to 65535, or a range FIRST-LAST`)
}

function pairPorts(
  spec: string,
  container: PortRange,
  host: PortRange | undefined,
): [number, PortRange | undefined][] {
  const count = container.last - container.first + 1
  const containerPort = (index: number): number => container.first + index
  const anyPort = !host || (host.first === 0 && host.last === 0)
  if (anyPort) return Array.from({ length: count }, (_, index) => [containerPort(index), undefined])
  if (count === 1) return [[container.first, host]]
  if (host.last - host.first + 1 !== count)
    throw badSpec(spec, 'Both ranges have to be of the same length')
  return Array.from({ length: count }, (_, index) => {
    const port = host.first + index
    return [containerPort(index), { first: port, last: port }]
  })
}
