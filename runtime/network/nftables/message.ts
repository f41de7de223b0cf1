import { concatBytes, encodeAttributes, text, u32be } from '../../../native/netlink-attribute.ts'
import type { Attribute } from '../../../native/netlink-attribute.ts'
import { encodeMessage, netlinkFlags } from '../../../native/netlink-message.ts'

// Messages of the nf_tables subsystem (linux/netfilter/nfnetlink.h, nf_tables.h). Changes travel in
// a batch that the kernel applies as a whole or not at all. Pure.

const SUBSYSTEM = 10
const BATCH_BEGIN = 16
const BATCH_END = 17

const tableTypes = {
  newTable: 0,
  getTable: 1,
  deleteTable: 2,
  newChain: 3,
  getChain: 4,
  deleteChain: 5,
  newRule: 6,
  getRule: 7,
  deleteRule: 8,
  newSet: 9,
  deleteSet: 11,
  newElement: 12,
  getElement: 13,
  deleteElement: 14,
  getGeneration: 16,
} as const

export const families = { unspecified: 0, inet: 1, ipv4: 2, ipv6: 10 } as const

/** One change of a batch. */
export interface TableChange {
  readonly type: keyof typeof tableTypes
  readonly flags: number
  readonly attributes: readonly Attribute[]
}

function generation(family: number, resource: number): Uint8Array {
  return new Uint8Array([family, 0, resource >> 8, resource & 255])
}

/** Bytes of one change of our family, for comparison with what nft(8) sends. */
export function encodeChange(change: TableChange, sequence: number, flags = 0): Uint8Array {
  return encodeMessage({
    type: (SUBSYSTEM << 8) | tableTypes[change.type],
    flags: netlinkFlags.request | change.flags | flags,
    sequence,
    body: concatBytes([generation(families.inet, 0), encodeAttributes(change.attributes)]),
  })
}

/**
 * A batch. Only its last change asks for an ack, which comes when all of it is done: one ack is
 * success. Each change that fails is reported as well.
 */
export function encodeBatch(changes: readonly TableChange[]): Uint8Array {
  const last = changes.length - 1
  return concatBytes([
    batchEdge(BATCH_BEGIN, 0),
    ...changes.map((change, index) =>
      encodeChange(change, index + 1, index === last ? netlinkFlags.ack : 0),
    ),
    batchEdge(BATCH_END, changes.length + 1),
  ])
}

function batchEdge(type: number, sequence: number): Uint8Array {
  const body = generation(families.unspecified, SUBSYSTEM)
  return encodeMessage({ type, flags: netlinkFlags.request, sequence, body })
}

/** A request to list objects, of `family` and (where given) limited by attributes. */
export function encodeDump(
  type: keyof typeof tableTypes,
  attributes: readonly Attribute[],
  family: number = families.inet,
): Uint8Array {
  return encodeMessage({
    type: (SUBSYSTEM << 8) | tableTypes[type],
    flags: netlinkFlags.request | netlinkFlags.dump,
    sequence: 1,
    body: concatBytes([generation(family, 0), encodeAttributes(attributes)]),
  })
}

export function addTable(table: string): TableChange {
  const flags: Attribute = { type: 2, payload: u32be(0) }
  return { type: 'newTable', flags: 0, attributes: [{ type: 1, payload: text(table) }, flags] }
}

export function deleteTable(table: string): TableChange {
  return { type: 'deleteTable', flags: 0, attributes: [{ type: 1, payload: text(table) }] }
}

/** Where a chain hangs in the kernel's packet path; see "ADDRESS FAMILIES" and "CHAINS" in nft(8). */
export interface BaseHook {
  readonly kind: 'filter' | 'nat'
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  readonly priority: number
}

const hookNumbers = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const
const ACCEPT = 1

/** Add a chain; with no hook it is only jumped to. A chain that is there already is fine. */
export function addChain(table: string, name: string, base?: BaseHook): TableChange {
  const names = [
    { type: 1, payload: text(table) },
    { type: 3, payload: text(name) },
  ]
  if (!base) return { type: 'newChain', flags: netlinkFlags.create, attributes: names }
  const hook: Attribute[] = [
    { type: 1, payload: u32be(hookNumbers[base.hook]) },
    { type: 2, payload: u32be(base.priority) },
  ]
  const attributes = [
    ...names,
    { type: 7, payload: text(base.kind) },
    { type: 5, payload: u32be(ACCEPT) },
    { type: 4, payload: hook },
  ]
  return { type: 'newChain', flags: netlinkFlags.create, attributes }
}

/** Delete a chain that has no rules and that nothing leads to. */
export function deleteChain(table: string, name: string): TableChange {
  const attributes = [
    { type: 1, payload: text(table) },
    { type: 3, payload: text(name) },
  ]
  return { type: 'deleteChain', flags: 0, attributes }
}

/** Delete every rule of a chain. */
export function flushChain(table: string, chain: string): TableChange {
  const attributes = [
    { type: 1, payload: text(table) },
    { type: 2, payload: text(chain) },
  ]
  return { type: 'deleteRule', flags: 0, attributes }
}

const COMMENT = 0

/** @param comment at most 127 bytes; `nft list` shows it */
export function addRule(
  table: string,
  chain: string,
  expressions: readonly Attribute[],
  comment?: string,
): TableChange {
  const attributes: Attribute[] = [
    { type: 1, payload: text(table) },
    { type: 2, payload: text(chain) },
    { type: 4, payload: expressions },
  ]
  if (comment !== undefined) {
    const bytes = text(comment)
    attributes.push({
      type: 7,
      payload: concatBytes([new Uint8Array([COMMENT, bytes.length]), bytes]),
    })
  }
  return { type: 'newRule', flags: netlinkFlags.create | netlinkFlags.append, attributes }
}
