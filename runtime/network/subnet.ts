import { OperationError } from '../../native/error.ts'
import { addressBytes, addressNumber, formatAddress, parseAddress } from './ip-address.ts'

/** A range of addresses, its first address in bytes. Pure. */
export interface Subnet {
  readonly address: Uint8Array
  readonly prefixLength: number
}

/**
 * Read `10.88.0.0/16` or `fd00::/64`.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for bad text and for host bits that are set
 */
export function parseSubnet(text: string): Subnet {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1])
  const prefixLength = Number(match?.[2])
  if (!address || prefixLength > address.length * 8)
    throw new OperationError('INVALID_ARGUMENT', 'read a subnet', { subnet: text })
  const subnet = { address, prefixLength }
  if (addressNumber(address) !== firstNumber(subnet))
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read a subnet',
      { subnet: text },
      {
        hint: `Its first address is ${formatAddress(addressBytes(firstNumber(subnet), address.length))}`,
      },
    )
  return subnet
}

export function formatSubnet({ address, prefixLength }: Subnet): string {
  return `${formatAddress(address)}/${prefixLength}`
}

function hostBits({ address, prefixLength }: Subnet): bigint {
  return BigInt(address.length * 8 - prefixLength)
}

function firstNumber(subnet: Subnet): bigint {
  const bits = hostBits(subnet)
  return (addressNumber(subnet.address) >> bits) << bits
}

/** First address after the subnet; the number wraps at the end of the address space. */
export function endOfSubnet(subnet: Subnet): Uint8Array {
  const length = subnet.address.length
  const past = firstNumber(subnet) + (1n << hostBits(subnet))
  return addressBytes(past % (1n << BigInt(length * 8)), length)
}

/** Number of addresses, network and broadcast ones included. */
export function subnetSize(subnet: Subnet): bigint {
  return 1n << hostBits(subnet)
}

/** The address `offset` places after the first. */
export function addressAt(subnet: Subnet, offset: bigint): Uint8Array {
  return addressBytes(firstNumber(subnet) + offset, subnet.address.length)
}

export function contains(subnet: Subnet, address: Uint8Array): boolean {
  if (address.length !== subnet.address.length) return false
  const bits = hostBits(subnet)
  return addressNumber(address) >> bits === addressNumber(subnet.address) >> bits
}

export function overlaps(one: Subnet, other: Subnet): boolean {
  const wider = one.prefixLength <= other.prefixLength ? one : other
  return contains(wider, wider === one ? other.address : one.address)
}

/** Whether a container may have it: in the subnet, and neither its first nor (IPv4) last address. */
export function isHostAddress(subnet: Subnet, address: Uint8Array): boolean {
  if (!contains(subnet, address)) return false
  const offset = addressNumber(address) - firstNumber(subnet)
  if (offset === 0n) return false
  return address.length !== 4 || offset !== subnetSize(subnet) - 1n
}
