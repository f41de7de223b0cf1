import {
  decodeAttributes,
  listAttributes,
  readText,
  readU32,
  text,
} from '../../../native/netlink-attribute.ts'
import type { NetlinkMessage } from '../../../native/netlink-message.ts'
import { encodeChange, encodeDump, families } from './message.ts'

// Reading nf_tables back: requests, and decoders of what the kernel answers. Pure.

/** Bytes of struct nfgenmsg, which leads every message. */
const headerBytes = 4

/** List the rules of one table. A table that does not exist has none. */
export function dumpRules(table: string): Uint8Array {
  return encodeDump('getRule', [{ type: 1, payload: text(table) }])
}

/** List the elements of one set; ENOENT where the set or table does not exist. */
export function dumpElements(table: string, set: string): Uint8Array {
  return encodeDump('getElement', [
    { type: 1, payload: text(table) },
    { type: 2, payload: text(set) },
  ])
}

/** List the chains of every table and family. */
export function dumpChains(): Uint8Array {
  return encodeDump('getChain', [], families.unspecified)
}

/** Ask for the number of the last change that anybody made to any table of the namespace. */
export function getGeneration(): Uint8Array {
  return encodeChange({ type: 'getGeneration', flags: 0, attributes: [] }, 1)
}

export function decodeGeneration({ body }: NetlinkMessage): number {
  return readU32(decodeAttributes(body.subarray(headerBytes)).get(1), false)
}

/** What tells one rule of ours from another. */
export interface RuleSummary {
  readonly table: string
  readonly chain: string
  /** Empty where the rule has none. */
  readonly comment: string
}

export function decodeRule({ body }: NetlinkMessage): RuleSummary {
  const attributes = decodeAttributes(body.subarray(headerBytes))
  const userData = attributes.get(7)
  const commented = userData && userData[0] === 0 && userData.length > 2
  return {
    table: readText(attributes.get(1)),
    chain: readText(attributes.get(2)),
    comment: commented ? readText(userData.subarray(2)) : '',
  }
}

export interface ElementSummary {
  readonly key: Uint8Array
  readonly data: Uint8Array | undefined
  /** The end marker of an interval. */
  readonly intervalEnd: boolean
}

/** Elements of one message of a dump. */
export function decodeElements({ body }: NetlinkMessage): ElementSummary[] {
  const attributes = decodeAttributes(body.subarray(headerBytes))
  return listAttributes(attributes.get(3) ?? new Uint8Array()).map(([, bytes]) => {
    const element = decodeAttributes(bytes)
    const valueOf = (type: number): Uint8Array | undefined =>
      decodeAttributes(element.get(type) ?? new Uint8Array()).get(1)
    return {
      key: valueOf(1) ?? new Uint8Array(),
      data: valueOf(2),
      intervalEnd: (readU32(element.get(3), false) & 1) !== 0,
    }
  })
}

export interface ChainSummary {
  readonly table: string
  readonly name: string
  /** Number of the hook, 2 being forward; undefined for a chain that is only jumped to. */
  readonly hook: number | undefined
  readonly policy: 'accept' | 'drop'
}

export function decodeChain({ body }: NetlinkMessage): ChainSummary {
  const attributes = decodeAttributes(body.subarray(headerBytes))
  const hook = attributes.get(4)
  return {
    table: readText(attributes.get(1)),
    name: readText(attributes.get(3)),
    hook: hook && readU32(decodeAttributes(hook).get(1), false),
    policy: attributes.has(5) && readU32(attributes.get(5), false) === 0 ? 'drop' : 'accept',
  }
}
