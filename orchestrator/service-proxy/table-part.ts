import type { Attribute } from '../../native/netlink-attribute.ts'
import type { SetDefinition, SetElement } from '../../runtime/network/nftables/set.ts'
import type { Protocol } from './packet.ts'

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
  /** By the chain that leads to them. */
  readonly backends: ReadonlyMap<string, Backends>
}

/** Where a chain leads. */
export interface Backends {
  readonly protocol: Protocol
  /** Address and port of each, as elements of maps have them. */
  readonly all: readonly Uint8Array[]
  /** Map of the clients that are remembered. */
  readonly clients: string | undefined
}

export const emptyPart: TablePart = {
  maps: new Map(),
  chains: new Map(),
  elements: [],
  backends: new Map(),
}
