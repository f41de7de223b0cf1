import ipaddr from 'ipaddr.js'

// The blocks that a cluster's range is cut into, by number: block 3 of 10.244.0.0/16 cut to /24 is 10.244.3.0/24.

export interface AddressRanges {
  readonly count: number
  /** @returns the block of that number, like `10.244.3.0/24` */
  block(number: number): string
  /** @returns the numbers of the blocks that a range covers; none when it is outside, or no range */
  numbersOf(range: string): { first: number; last: number } | undefined
}

// More blocks than that are not needed by anybody and would not be counted in a number.
const mostBits = 30

/**
 * @param cluster like `10.244.0.0/16`, of either family
 * @param nodeBits prefix length of a block, like 24
 * @throws Error when the range is none, or holds no block of that length
 */
export function makeAddressRanges(cluster: string, nodeBits: number): AddressRanges {
  const [base, bits] = ipaddr.parseCIDR(cluster)
  const start = toInteger(base.toByteArray())
  const width = base.toByteArray().length * 8
  if (nodeBits < bits || nodeBits > width)
    throw new Error(
      `cut ${cluster} into blocks of /${nodeBits}: a block must be of /${bits} to /${width}`,
    )
  const size = 1n << BigInt(width - nodeBits)
  const first = start - (start % (1n << BigInt(width - bits)))
  const count = 2 ** Math.min(nodeBits - bits, mostBits)
  return {
    count,
    block: (number) => {
      const bytes = toBytes(first + BigInt(number) * size, width / 8)
      return `${ipaddr.fromByteArray(bytes).toString()}/${nodeBits}`
    },
    numbersOf: (range) => {
      if (!ipaddr.isValidCIDR(range)) return undefined
      const [address, length] = ipaddr.parseCIDR(range)
      const bytes = address.toByteArray()
      if (bytes.length * 8 !== width) return undefined
      const offset = toInteger(bytes) - first
      const end = offset + (1n << BigInt(width - length)) - 1n
      if (end < 0n || offset >= size * BigInt(count)) return undefined
      const last = Number(end / size)
      return { first: Math.max(0, Number(offset / size)), last: Math.min(count - 1, last) }
    },
  }
}

function toInteger(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

function toBytes(value: bigint, length: number): number[] {
  return Array.from({ length }, (_, index) =>
    Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn),
  )
}
