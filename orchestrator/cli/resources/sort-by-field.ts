import { parseQuantity } from '../../api/quantity.ts'
import { shownValue, valuesAtPath } from './json-path.ts'

/**
 * In the order of a field; what lacks it comes first. Numbers and amounts go by their size, texts as people count.
 * @throws CommandFailure for a path that is none
 */
export function sortByField<Item>(
  items: readonly Item[],
  path: string,
  objectOf: (item: Item) => unknown,
): Item[] {
  const keyed = items.map((item) => ({ item, key: valuesAtPath(path, objectOf(item))[0] }))
  return keyed.toSorted((a, b) => compare(a.key, b.key)).map(({ item }) => item)
}

function compare(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const left = parseQuantity(a)
  const right = parseQuantity(b)
  if (left !== undefined && right !== undefined) return left - right
  return shownValue(a).localeCompare(shownValue(b), 'en', { numeric: true })
}
