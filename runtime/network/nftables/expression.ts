import { text, u32, u32be } from '../../../native/netlink-attribute.ts'
import type { Attribute } from '../../../native/netlink-attribute.ts'

// Expressions of nf_tables rules, as linux/netfilter/nf_tables.h numbers them. A rule is a list of
// them; each works on registers and may end the rule. Pure. Attributes stand in the order in which
// nft(8) sends them, so that tests can compare bytes.

/** Registers: 1 to 4 are 16 bytes wide; 8 to 23 are the same memory in 4-byte pieces. */
export type Register = number

const DATA_VALUE = 1
const DATA_VERDICT = 2

function expression(name: string, data: readonly Attribute[]): Attribute {
  return {
    type: 1,
    payload: [
      { type: 1, payload: text(name) },
      { type: 2, payload: data },
    ],
  }
}

function value(type: number, bytes: Uint8Array): Attribute {
  return { type, payload: [{ type: DATA_VALUE, payload: bytes }] }
}

function number(type: number, content: number): Attribute {
  return { type, payload: u32be(content) }
}

const metaKeys = { mark: 3, iifname: 6, oifname: 7, nfproto: 15, l4proto: 16 } as const

/** Load a fact about the packet. Interface names are 16 bytes. */
export function meta(key: keyof typeof metaKeys, register: Register = 1): Attribute {
  return expression('meta', [number(2, metaKeys[key]), number(1, register)])
}

const payloadBases = { network: 1, transport: 2 } as const

/** Load bytes of the packet's network or transport header. */
export function payload(
  base: keyof typeof payloadBases,
  offset: number,
  length: number,
  register: Register = 1,
): Attribute {
  return expression('payload', [
    number(1, register),
    number(2, payloadBases[base]),
    number(3, offset),
    number(4, length),
  ])
}

const comparisons = { equal: 0, different: 1, atMost: 3, atLeast: 5 } as const

/** Go on only where the register compares so with the bytes, the first of which counts most. */
export function compare(
  operator: keyof typeof comparisons,
  bytes: Uint8Array,
  register: Register = 1,
): Attribute {
  return expression('cmp', [number(1, register), number(2, comparisons[operator]), value(3, bytes)])
}

/** Go on only where the register's key is (not) in the set. */
export function lookup(set: string, inverted = false): Attribute {
  return expression('lookup', [
    number(2, 1),
    { type: 1, payload: text(set) },
    ...(inverted ? [number(5, 1)] : []),
  ])
}

/** Replace the key in register 1 by what the map has for it; the rule ends where it has nothing. */
export function mapLookup(map: string): Attribute {
  return expression('lookup', [number(2, 1), number(3, 1), { type: 1, payload: text(map) }])
}

/** Load bytes. */
export function constant(bytes: Uint8Array, register: Register = 1): Attribute {
  return expression('immediate', [number(1, register), value(2, bytes)])
}

/** Rewrite the destination to the address and port in two registers. */
export function destinationNat(
  family: 'ipv4' | 'ipv6',
  address: Register,
  port: Register,
): Attribute {
  return expression('nat', [
    number(1, 1),
    number(2, family === 'ipv4' ? 2 : 10),
    number(3, address),
    number(5, port),
  ])
}

/** Rewrite the source to the address of the interface the packet leaves by. */
export function masquerade(): Attribute {
  return expression('masq', [])
}

/** Load the kind of the destination address (local, broadcast, …) from the routing tables. */
export function destinationType(): Attribute {
  const resultIsType = 3
  const fromDestination = 2
  return expression('fib', [number(3, fromDestination), number(2, resultIsType), number(1, 1)])
}

const trackingKeys = { state: 0, status: 2 } as const

/** Load a fact about the packet's connection. */
export function connection(key: keyof typeof trackingKeys): Attribute {
  return expression('ct', [number(2, trackingKeys[key]), number(1, 1)])
}

/** Keep only some bits of register 1. */
export function mask(bits: Uint8Array): Attribute {
  return bitwise(bits, new Uint8Array(bits.length))
}

function bitwise(kept: Uint8Array, flipped: Uint8Array): Attribute {
  return expression('bitwise', [
    number(1, 1),
    number(2, 1),
    number(3, kept.length),
    value(4, kept),
    value(5, flipped),
  ])
}

/** Set or clear one bit of the packet's mark, and leave the others as they are. */
export function changeMark(bit: number, isSet: boolean): Attribute[] {
  return [
    meta('mark'),
    bitwise(u32(~bit), u32(isSet ? bit : 0)),
    expression('meta', [number(2, metaKeys.mark), number(3, 1)]),
  ]
}

/** A random number below `modulus` into register 1, in host order. */
export function randomNumber(modulus: number): Attribute {
  const random = 1
  return expression('numgen', [number(1, 1), number(2, modulus), number(3, random), number(4, 0)])
}

/** Do what the verdict map has for the key in register 1; the rule ends where it has nothing. */
export function verdictLookup(map: string): Attribute {
  return expression('lookup', [number(2, 1), number(3, 0), { type: 1, payload: text(map) }])
}

/** Write what `data` holds into a map, under the key of another register, and begin its time anew. */
export function remember(map: string, key: Register, data: Register): Attribute {
  const update = 1
  return expression('dynset', [
    { type: 1, payload: text(map) },
    number(3, update),
    number(4, key),
    number(5, data),
  ])
}

const rejections = { unreachable: [2, 1], reset: [1, 0] } as const

/** Answer that there is nobody: ICMP "port unreachable", or a TCP reset. Not in nat chains. */
export function reject(answer: keyof typeof rejections): Attribute {
  const [type, code] = rejections[answer]
  return expression('reject', [number(1, type), { type: 2, payload: new Uint8Array([code]) }])
}

const verdicts = { drop: 0, accept: 1, return: -5 } as const
const NFT_JUMP = -3
const NFT_GOTO = -4

function verdictExpression(content: readonly Attribute[]): Attribute {
  return expression('immediate', [
    number(1, 0),
    { type: 2, payload: [{ type: DATA_VERDICT, payload: content }] },
  ])
}

/** End the rule with a verdict. */
export function verdict(name: keyof typeof verdicts): Attribute {
  return verdictExpression([number(1, verdicts[name])])
}

/** Go on in another chain of the table, and come back where it has no verdict. */
export function jump(chain: string): Attribute {
  return verdictExpression([number(1, NFT_JUMP), { type: 2, payload: text(chain) }])
}

/** Data of a verdict map's element: go on in another chain, and do not come back. */
export function goTo(chain: string): Attribute {
  return leadTo(NFT_GOTO, chain)
}

/** The same, to come back where that chain has no verdict. */
export function jumpTo(chain: string): Attribute {
  return leadTo(NFT_JUMP, chain)
}

function leadTo(code: number, chain: string): Attribute {
  const content = [number(1, code), { type: 2, payload: text(chain) }]
  return { type: DATA_VERDICT, payload: content }
}
