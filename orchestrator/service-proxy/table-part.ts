import type { Attribute } from '../../native/netlink-attribute.ts'
import type { SetDefinition, SetElement } from '../../runtime/network/nftables/set.ts'

// What a service, or the pods of the node, have in the table of the proxy. Plain data.

/** One rule: what it does, in expressions and in words, which the kernel keeps as its comment. */
export interface TableRule {
  readonly comment: string
  readonly expressions: readonly Attribute[]
}

/** An element of a set or map that is named here. */
export interface PlacedElement {
  readonly set: string
  readonly element: SetElement
}

export interface TablePart {
  /** Its own, by name; a definition never changes under its name. */
  readonly maps: ReadonlyMap<string, SetDefinition>
  readonly chains: ReadonlyMap<string, readonly TableRule[]>
  /** In its own maps and in those of everybody. */
  readonly elements: readonly PlacedElement[]
}

export const emptyPart: TablePart = { maps: new Map(), chains: new Map(), elements: [] }
