import { encodeAttributes } from '../../native/netlink-attribute.ts'
import {
  addChain,
  addRule,
  deleteChain,
  flushChain,
} from '../../runtime/network/nftables/message.ts'
import type { TableChange } from '../../runtime/network/nftables/message.ts'
import {
  addElements,
  addSet,
  deleteElements,
  deleteSet,
} from '../../runtime/network/nftables/set.ts'
import type { SetElement } from '../../runtime/network/nftables/set.ts'
import type { PlacedElement, TablePart, TableRule } from './table-part.ts'
import { emptyPart } from './table-part.ts'

/** What everybody has in the table, and which changes lead from what was to what shall be. */
export interface TableState {
  /** Changes that give `owner` this part instead of the one it had; none where it is the same. */
  replace(owner: string, part: TablePart): PartChanges
  /** How many rules the parts have together. */
  rules(): number
}

/** In the order in which a transaction needs them, so that those of several owners can be put together. */
export interface PartChanges {
  readonly added: readonly TableChange[]
  readonly emptied: readonly TableChange[]
  readonly elements: readonly TableChange[]
  readonly rules: readonly TableChange[]
  readonly removed: readonly TableChange[]
}

type Claim = PlacedElement & { readonly owner: string; readonly text: string }

/** Nothing of it is in the kernel yet: the table is new. */
export function makeTableState(table: string): TableState {
  const parts = new Map<string, TablePart>()
  const claims = new Map<string, Claim[]>()
  let rules = 0
  return {
    rules: () => rules,
    replace: (owner, part) => {
      const before = parts.get(owner) ?? emptyPart
      if (part.chains.size === 0 && part.elements.length === 0) parts.delete(owner)
      else parts.set(owner, part)
      rules += countRules(part) - countRules(before)
      return {
        ...compareChains(table, before, part),
        elements: compareElements(table, claims, owner, before, part),
      }
    },
  }
}

function countRules({ chains }: TablePart): number {
  return [...chains.values()].reduce((sum, { length }) => sum + length, 0)
}

/** One transaction of the changes of many owners. */
export function joinChanges(all: readonly PartChanges[]): TableChange[] {
  return (['added', 'emptied', 'elements', 'rules', 'removed'] as const).flatMap((phase) =>
    all.flatMap((changes) => changes[phase]),
  )
}

function compareChains(
  table: string,
  before: TablePart,
  after: TablePart,
): Omit<PartChanges, 'elements'> {
  const newMaps = [...after.maps.values()].filter(({ name }) => !before.maps.has(name))
  const oldMaps = [...before.maps.keys()].filter((name) => !after.maps.has(name))
  const newChains = [...after.chains.keys()].filter((name) => !before.chains.has(name))
  const oldChains = [...before.chains.keys()].filter((name) => !after.chains.has(name))
  const changed = [...after.chains].filter(
    ([name, rules]) => textOfRules(rules) !== textOfRules(before.chains.get(name) ?? []),
  )
  const emptied = changed.map(([name]) => name).filter((name) => before.chains.has(name))
  return {
    added: [
      // The number only has to differ from those of the sets made with it.
      ...newMaps.map((map) => addSet(table, map, nextSetId())),
      ...newChains.map((name) => addChain(table, name)),
    ],
    emptied: [...emptied, ...oldChains].map((name) => flushChain(table, name)),
    rules: changed.flatMap(([name, rules]) =>
      rules.map(({ expressions, comment }) => addRule(table, name, expressions, comment)),
    ),
    removed: [
      ...oldChains.map((name) => deleteChain(table, name)),
      ...oldMaps.map((name) => deleteSet(table, name)),
    ],
  }
}

let lastSetId = 100

function nextSetId(): number {
  lastSetId = lastSetId >= 2 ** 31 ? 100 : lastSetId + 1
  return lastSetId
}

function textOfRules(rules: readonly TableRule[]): string {
  return rules
    .map(({ comment, expressions }) => `${comment} ${hex(encodeAttributes(expressions))}`)
    .join('\n')
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function textOfData({ data }: SetElement): string {
  if (data === undefined) return ''
  return hex(data instanceof Uint8Array ? data : encodeAttributes([data]))
}

/** Two services may claim one address and port: who came first has it, until it goes. */
function compareElements(
  table: string,
  claims: Map<string, Claim[]>,
  owner: string,
  before: TablePart,
  after: TablePart,
): TableChange[] {
  const kept = keyed(owner, after)
  const touched = new Map([...keyed(owner, before), ...kept])
  const [removed, added]: [Claim[], Claim[]] = [[], []]
  for (const id of touched.keys()) {
    const list = claims.get(id) ?? []
    const [was] = list
    const mine = kept.get(id)
    const at = list.findIndex((claim) => claim.owner === owner)
    if (at >= 0) list.splice(at, 1, ...(mine ? [mine] : []))
    else if (mine) list.push(mine)
    if (list.length > 0) claims.set(id, list)
    else claims.delete(id)
    const [is] = list
    if (was && is && was.text === is.text) continue
    if (was) removed.push(was)
    if (is) added.push(is)
  }
  return [
    ...bySet(removed.filter(({ set }) => !goesWithItsMap(set, before, after))).flatMap(
      ([set, elements]) =>
        deleteElements(
          table,
          set,
          elements.map(({ key }) => ({ key })),
        ),
    ),
    ...bySet(added).flatMap(([set, elements]) => addElements(table, set, elements)),
  ]
}

/** Elements that lead to chains are deleted all the same: while they are there the chains are in use. */
function goesWithItsMap(set: string, before: TablePart, after: TablePart): boolean {
  const map = before.maps.get(set)
  return map !== undefined && map.data !== 'verdict' && !after.maps.has(set)
}

function keyed(owner: string, { elements }: TablePart): Map<string, Claim> {
  const found = new Map<string, Claim>()
  for (const { set, element } of elements) {
    const id = `${set} ${hex(element.key)}`
    if (!found.has(id)) found.set(id, { owner, set, element, text: textOfData(element) })
  }
  return found
}

function bySet(claims: readonly PlacedElement[]): [string, SetElement[]][] {
  const sets = new Map<string, SetElement[]>()
  for (const { set, element } of claims) {
    const list = sets.get(set) ?? []
    sets.set(set, list)
    list.push(element)
  }
  return [...sets]
}
