import { text, u32be } from '../../../native/netlink-attribute.ts'
import type { Attribute } from '../../../native/netlink-attribute.ts'
import { netlinkFlags } from '../../../native/netlink-message.ts'
import type { TableChange } from './message.ts'

// Sets and maps of nf_tables, and their elements. Pure.

const SET_INTERVAL = 4
const SET_MAP = 8
const SET_TIMEOUT = 16
const SET_DYNAMIC = 32
const VERDICT_DATA = 0xffffff00
const ELEMENT_INTERVAL_END = 1

/** Types that nft(8) knows, with their number and size; the kernel stores the number only. */
const dataTypes = {
  ipv4_addr: { number: 7, bytes: 4 },
  ipv6_addr: { number: 8, bytes: 16 },
  inet_proto: { number: 12, bytes: 1 },
  inet_service: { number: 13, bytes: 2 },
  mark: { number: 19, bytes: 4 },
  ifname: { number: 41, bytes: 16 },
} as const

export type DataType = keyof typeof dataTypes

export interface SetDefinition {
  readonly name: string
  /** Several make a concatenation, each part padded to 4 bytes. */
  readonly key: readonly DataType[]
  /** Of a map: what a key stands for. */
  readonly data?: readonly DataType[] | 'verdict'
  /** Elements are ranges, each given by its start and an end marker. */
  readonly interval?: boolean
  /** Rules add elements, which go when they have not been touched for so many seconds. */
  readonly timeout?: number
}

const bitsPerType = 6

function typeNumber(types: readonly DataType[]): number {
  return types.reduce((sum, type) => (sum << bitsPerType) | dataTypes[type].number, 0)
}

/** Bytes of a key or of data: parts of a concatenation are padded, a lone one is not. */
function dataLength(types: readonly DataType[]): number {
  const lengths = types.map((type) => dataTypes[type].bytes)
  if (lengths.length === 1) return lengths[0] ?? 0
  return lengths.reduce((sum, length) => sum + Math.ceil(length / 4) * 4, 0)
}

// Without the byte order of the key nft(8) cannot print interface names.
const USERDATA_KEY_ORDER = [0, 4] as const
const hostOrder = 1
const networkOrder = 2

/** @param id number of the set within its batch, from 1 */
export function addSet(table: string, set: SetDefinition, id: number): TableChange {
  const { key, data, interval, timeout } = set
  const flags =
    (interval ? SET_INTERVAL : 0) |
    (data ? SET_MAP : 0) |
    (timeout === undefined ? 0 : SET_TIMEOUT | SET_DYNAMIC)
  const isHostOrder = key[0] === 'ifname' || key[0] === 'mark'
  const order = key.length > 1 ? 0 : isHostOrder ? hostOrder : networkOrder
  const attributes: Attribute[] = [
    { type: 1, payload: text(table) },
    { type: 2, payload: text(set.name) },
    { type: 3, payload: u32be(flags) },
    { type: 4, payload: u32be(typeNumber(key)) },
    { type: 5, payload: u32be(dataLength(key)) },
  ]
  if (data === 'verdict') attributes.push({ type: 6, payload: u32be(VERDICT_DATA) })
  else if (data)
    attributes.push(
      { type: 6, payload: u32be(typeNumber(data)) },
      { type: 7, payload: u32be(dataLength(data)) },
    )
  attributes.push({ type: 10, payload: u32be(id) })
  if (timeout !== undefined) attributes.push({ type: 11, payload: milliseconds(timeout) })
  if (order !== 0)
    attributes.push({ type: 13, payload: new Uint8Array([...USERDATA_KEY_ORDER, order, 0, 0, 0]) })
  return { type: 'newSet', flags: netlinkFlags.create, attributes }
}

function milliseconds(seconds: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seconds) * 1000n)
  return bytes
}

/** Delete a set or map that no rule uses, with its elements. */
export function deleteSet(table: string, set: string): TableChange {
  const attributes = [
    { type: 1, payload: text(table) },
    { type: 2, payload: text(set) },
  ]
  return { type: 'deleteSet', flags: 0, attributes }
}

export interface SetElement {
  readonly key: Uint8Array
  /** Of a map: bytes, or of a verdict map the verdict. */
  readonly data?: Uint8Array | Attribute
  /** Of an interval: the first key after it. */
  readonly end?: Uint8Array
}

function elementAttributes({ key, data, end }: SetElement): Attribute[][] {
  const keyAttribute: Attribute = { type: 1, payload: [{ type: 1, payload: key }] }
  const content = data instanceof Uint8Array ? { type: 1, payload: data } : data
  const first = content ? [keyAttribute, { type: 2, payload: [content] }] : [keyAttribute]
  if (!end) return [first]
  const endAttributes: Attribute[] = [
    { type: 3, payload: u32be(ELEMENT_INTERVAL_END) },
    { type: 1, payload: [{ type: 1, payload: end }] },
  ]
  return [first, endAttributes]
}

// The list is one attribute, whose length is 16 bits; an element takes at most 100 bytes.
const elementsPerMessage = 256

function changeElements(
  type: 'newElement' | 'deleteElement',
  table: string,
  set: string,
  elements: readonly SetElement[],
): TableChange[] {
  const changes: TableChange[] = []
  for (let at = 0; at < elements.length; at += elementsPerMessage) {
    const some = elements.slice(at, at + elementsPerMessage).flatMap(elementAttributes)
    changes.push({
      type,
      flags: type === 'newElement' ? netlinkFlags.create : 0,
      attributes: [
        { type: 1, payload: text(table) },
        { type: 2, payload: text(set) },
        {
          type: 3,
          // nft(8) counts the elements in the attribute type; the kernel does not look at it.
          payload: some.map((payload, index) => ({ type: index + 1, payload })),
        },
      ],
    })
  }
  return changes
}

/** Add elements; one that is there already with the same data is fine. */
export function addElements(
  table: string,
  set: string,
  elements: readonly SetElement[],
): TableChange[] {
  return changeElements('newElement', table, set, elements)
}

/** Delete elements; one that is missing fails the batch with ENOENT. */
export function deleteElements(
  table: string,
  set: string,
  elements: readonly SetElement[],
): TableChange[] {
  return changeElements('deleteElement', table, set, elements)
}
