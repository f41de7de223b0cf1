import type { Answer, Question } from 'dns-packet'
import { addressBytes, formatAddress, isLoopback, parseAddress } from './ip-address.ts'
import type { NameRecord } from './name-records.ts'

// What the name server of a network says to one question, RFC 1035. Pure.

/** Answers of our own, a name that does not exist, or a question for the servers behind us. */
export type Reply =
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'forward' }

// Containers come and go, and asking again costs nothing.
const ttl = 0

/** @param internal networks ask nobody else */
export function answerQuestion(
  question: Question,
  records: readonly NameRecord[],
  internal: boolean,
): Reply {
  const name = question.name.toLowerCase().replace(/\.$/, '')
  const reverse = addressOfReverseName(name)
  if (reverse !== undefined) {
    const known = records.find(({ ipv4, ipv6 }) => ipv4 === reverse || ipv6 === reverse)
    const [first] = known?.names ?? []
    if (first !== undefined) return pointer(question, first)
  }
  const found = records.filter(({ names }) => names.some((one) => one.toLowerCase() === name))
  if (found.length > 0) return addresses(question, found)
  // A lone word means a container; nobody else could know it, so nobody else has to see it.
  return internal || !name.includes('.') ? { kind: 'unknown' } : { kind: 'forward' }
}

function pointer(question: Question, name: string): Reply {
  if (question.type !== 'PTR') return { kind: 'answers', answers: [] }
  return { kind: 'answers', answers: [{ type: 'PTR', name: question.name, ttl, data: name }] }
}

function addresses({ name, type }: Question, found: readonly NameRecord[]): Reply {
  const answers = found.flatMap(({ ipv4, ipv6 }): Answer[] => {
    if (type === 'A') return ipv4 === undefined ? [] : [{ type, name, ttl, data: ipv4 }]
    return type === 'AAAA' && ipv6 !== undefined ? [{ type, name, ttl, data: ipv6 }] : []
  })
  return { kind: 'answers', answers }
}

/** The address that a name below in-addr.arpa or ip6.arpa stands for, RFC 1035 3.5, RFC 3596 2.5. */
export function addressOfReverseName(name: string): string | undefined {
  const ipv4 = /^([\d.]+)\.in-addr\.arpa$/.exec(name)?.[1]
  if (ipv4 !== undefined) {
    const address = parseAddress(ipv4.split('.').toReversed().join('.'))
    return address && formatAddress(address)
  }
  const nibbles = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1]
  if (nibbles === undefined) return undefined
  const digits = nibbles.replaceAll('.', '').split('').toReversed().join('')
  return formatAddress(addressBytes(BigInt(`0x${digits}`), 16))
}

/** Servers to forward to, the network's own gateway left out: it would ask itself for ever. */
export function usableUpstreams(servers: readonly string[], gateways: readonly string[]): string[] {
  return servers.filter((server) => {
    const address = parseAddress(server)
    return address !== undefined && (isLoopback(address) || !gateways.includes(server))
  })
}
