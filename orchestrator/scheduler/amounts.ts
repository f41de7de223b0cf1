import { isObject } from '../api/object.ts'
import { parseQuantity } from '../api/quantity.ts'

// What pods ask of nodes, as whole numbers: sums of fractions would drift.

/** CPU in thousandths of a core, storage in bytes, everything else in units. */
export interface Amounts {
  readonly cpu: number
  readonly memory: number
  readonly ephemeralStorage: number
  /** Extended resources and huge pages, by name. */
  readonly others: Readonly<Record<string, number>>
}

export const nothing: Amounts = { cpu: 0, memory: 0, ephemeralStorage: 0, others: {} }

/** The amounts of a `requests`, `overhead` or `allocatable`; what is no quantity counts as none. */
export function readAmounts(list: unknown): Amounts {
  if (!isObject(list)) return nothing
  const others: Record<string, number> = {}
  for (const name of Object.keys(list)) if (isOther(name)) others[name] = wholeUnits(list[name])
  return {
    cpu: Math.ceil(roundOff((parseQuantity(list['cpu']) ?? 0) * 1000)),
    memory: wholeUnits(list['memory']),
    ephemeralStorage: wholeUnits(list['ephemeral-storage']),
    others,
  }
}

function isOther(name: string): boolean {
  return name !== 'cpu' && name !== 'memory' && name !== 'ephemeral-storage' && name !== 'pods'
}

function wholeUnits(value: unknown): number {
  return Math.ceil(parseQuantity(value) ?? 0)
}

/** 0.1 + 0.2 thousandths are not to be rounded up to a whole one. */
function roundOff(milli: number): number {
  return Math.round(milli * 1e6) / 1e6
}

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  return combine(a, b, (x, y) => x + y)
}

export function subtractAmounts(a: Amounts, b: Amounts): Amounts {
  return combine(a, b, (x, y) => x - y)
}

/** The greater of each. */
export function maxAmounts(a: Amounts, b: Amounts): Amounts {
  return combine(a, b, Math.max)
}

function combine(a: Amounts, b: Amounts, of: (x: number, y: number) => number): Amounts {
  return {
    cpu: of(a.cpu, b.cpu),
    memory: of(a.memory, b.memory),
    ephemeralStorage: of(a.ephemeralStorage, b.ephemeralStorage),
    others: combineOthers(a.others, b.others, of),
  }
}

function combineOthers(
  a: Amounts['others'],
  b: Amounts['others'],
  of: (x: number, y: number) => number,
): Amounts['others'] {
  let result = a
  for (const name in b) {
    if (result === a) result = { ...a }
    ;(result as Record<string, number>)[name] = of(a[name] ?? 0, b[name]!)
  }
  return result
}

/** As people write amounts: `1500m`, `3`, `512Mi`. */
export function formatAmount(resource: string, amount: number): string {
  if (resource === 'cpu') return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return String(amount)
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti']
  let at = 0
  let rest = amount
  while (rest !== 0 && rest % 1024 === 0 && at < units.length - 1) {
    rest /= 1024
    at++
  }
  return at < 2 && Math.abs(amount) >= 1024 ** 2
    ? `${Math.ceil(amount / 1024 ** 2)}Mi`
    : `${rest}${units[at]}`
}
