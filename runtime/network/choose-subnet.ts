import { OperationError } from '../../native/error.ts'
import { formatSubnet, overlaps, parseSubnet } from './subnet.ts'
import type { Subnet } from './subnet.ts'

// Which range a new network gets. Pure.

// A route this wide is a way to everywhere (a VPN's two halves), not a network that is in use.
const widestNetwork = 8

function* defaultCandidates(): Generator<string> {
  for (let second = 88; second <= 255; second++) yield `10.${second}.0.0/16`
  for (let second = 16; second <= 31; second++) yield `172.${second}.0.0/16`
  for (let third = 0; third <= 240; third += 16) yield `192.168.${third}.0/20`
}

function* userCandidates(from: number): Generator<string> {
  const thirds = Array.from({ length: 256 }, (_, index) => (from + index) % 256)
  for (let second = 89; second <= 255; second++)
    for (const third of thirds) yield `10.${second}.${third}.0/24`
  for (let second = 16; second <= 31; second++)
    for (const third of thirds) yield `172.${second}.${third}.0/24`
  for (const third of thirds) yield `192.168.${third}.0/24`
}

/** 0 to 255, mostly another for another text. */
function smallHash(text: string): number {
  let hash = 0
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521
  return hash % 256
}

/**
 * The first private range that nothing uses: a /16 for the default network, a /24 for others.
 *
 * @param used routes of the host and subnets of other networks
 * @param root folder of the state, where it is not the usual one: two such choose at the same time without knowing of each
 *   other, and a network is on the host only when its first container starts, so each begins to look elsewhere
 * @throws {OperationError} `BAD_STATE` where all are taken
 */
export function chooseSubnet(
  kind: 'default' | 'user',
  used: readonly Subnet[],
  root?: string,
): Subnet {
  const inUse = used.filter(
    ({ address, prefixLength }) => address.length === 4 && prefixLength >= widestNetwork,
  )
  const candidates =
    kind === 'default'
      ? defaultCandidates()
      : userCandidates(root === undefined ? 0 : smallHash(root))
  for (const text of candidates) {
    const subnet = parseSubnet(text)
    if (!inUse.some((other) => overlaps(subnet, other))) return subnet
  }
  throw new OperationError(
    'BAD_STATE',
    'choose a subnet',
    { used: inUse.length },
    { hint: 'Every private range is in use on this host: give one with --subnet' },
  )
}

/** A range of unique local addresses (RFC 4193) that follows from the network's id. */
export function chooseIpv6Subnet(id: string): Subnet {
  const digits = id.slice(0, 14).padEnd(14, '0')
  const groups = [
    `fd${digits.slice(0, 2)}`,
    digits.slice(2, 6),
    digits.slice(6, 10),
    digits.slice(10),
  ]
  const clean = groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')
  return parseSubnet(`${clean}::/64`)
}

/** @throws {OperationError} `ALREADY_EXISTS` naming the range that a wanted one overlaps */
export function requireFree(subnet: Subnet, used: readonly Subnet[]): void {
  const other = used.find((one) => one.prefixLength >= widestNetwork && overlaps(subnet, one))
  if (!other) return
  throw new OperationError(
    'ALREADY_EXISTS',
    'take a subnet',
    { subnet: formatSubnet(subnet), inUse: formatSubnet(other) },
    { hint: 'The host or another network uses it: choose another range' },
  )
}
