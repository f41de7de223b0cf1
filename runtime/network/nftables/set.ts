import { text, u32be } from '../../../native/netlink-attribute.ts'
import type { Attribute } from '../../../native/netlink-attribute.ts'
import { netlinkFlags } from '../../../native/netlink-message.ts'
import type { TableChange } from './message.ts'

// Sets and maps of nf_tables, and their elements. Pure.

const SET_INTERVAL = 4
const SET_MAP = 8
const ELEMENT_INTERVAL_END = 1

/** Types that nft(8) knows, with their number and size; the kernel stores the number only. */
const dataTypes = {
  ipv4_addr: { number: 7, bytes: 4 },
  ipv6_addr: { number: 8, bytes: 16 },
  inet_proto: { number: 12, bytes: 1 },
  inet_service: { number: 13, bytes: 2 },
  ifname: { number: 41, bytes: 16 },
} as const

export type DataType = keyof typeof dataTypes

export interface SetDefinition {
  readonly name: string
  /** Several make a concatenation, each part padded to 4 bytes. */
  readonly key: readonly DataType[]
  /** Of a map: what a key stands for. */
  readonly data?: readonly DataType[]
  /** Elements are ranges, each given by its start and an end marker. */
  readonly interval?: boolean
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
  const { key, data, interval } = set
  const flags = (interval ? SET_INTERVAL : 0) | (data ? SET_MAP : 0)
  const order = key.length > 1 ? 0 : key[0] === 'ifname' ? hostOrder : networkOrder
  const attributes: Attribute[] = [
    { type: 1, payload: text(table) },
    { type: 2, payload: text(set.name) },
    { type: 3, payload: u32be(flags) },
    { type: 4, payload: u32be(typeNumber(key)) },
    { type: 5, payload: u32be(dataLength(key)) },
  ]
  if (data)
    attributes.push(
      { type: 6, payload: u32be(typeNumber(data)) },
      { type: 7, payload: u32be(dataLength(data)) },
    )
  attributes.push({ type: 10, payload: u32be(id) })
  if (order !== 0)
    attributes.push({ type: 13, payload: new Uint8Array([...USERDATA_KEY_ORDER, order, 0, 0, 0]) })
  return { type: 'newSet', flags: netlinkFlags.create, attributes }
}

export interface SetElement {
  readonly key: Uint8Array
  /** Of a map. */
  readonly data?: Uint8Array
  /** Of an interval: the first key after it. */
  readonly end?: Uint8Array
}

function elementAttributes({ key, data, end }: SetElement): Attribute[][] {
  const keyAttribute: Attribute = { type: 1, payload: [{ type: 1, payload: key }] }
  const first = data
    ? [keyAttribute, { type: 2, payload: [{ type: 1, payload: data }] }]
    : [keyAttribute]
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
