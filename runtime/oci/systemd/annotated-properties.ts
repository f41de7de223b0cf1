import { OperationError } from '../../../native/error.ts'
import type { DbusValue, DbusVariant } from './dbus-value.ts'
import type { UnitProperty } from './unit-limits.ts'

const prefix = 'org.systemd.property.'

/** GVariant's names of integer types. */
const integerTypes: Readonly<Record<string, string>> = {
  byte: 'y',
  int16: 'n',
  uint16: 'q',
  int32: 'i',
  uint32: 'u',
  int64: 'x',
  uint64: 't',
}

/**
 * Properties of its unit that a container brings along as annotations, as with runc and crun:
 * `org.systemd.property.TimeoutStopUSec` is `uint64 30000000`. A name that ends in Sec is in seconds. Pure.
 *
 * @throws {OperationError} `INVALID_SPEC` for a text that is no value of GVariant's of a simple kind
 * @see https://docs.gtk.org/glib/gvariant-text-format.html
 */
export function annotatedProperties(annotations: Readonly<Record<string, string>>): UnitProperty[] {
  return Object.entries(annotations).flatMap(([name, text]): UnitProperty[] => {
    const property = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    if (!/^[A-Z][A-Za-z0-9]+$/.test(property)) return []
    const value = parseText(text.trim()) ?? refuse(name, text)
    return [inMicroseconds(property, value)]
  })
}

/** Properties are in microseconds, the settings of unit files in seconds. */
function inMicroseconds(name: string, variant: DbusVariant): UnitProperty {
  const { value } = variant
  const isSeconds =
    /[a-z]Sec$/.test(name) && (typeof value === 'number' || typeof value === 'bigint')
  if (!isSeconds) return [name, variant]
  const microseconds = BigInt(Math.round(Number(value) * 1_000_000))
  return [name.replace(/Sec$/, 'USec'), { signature: 't', value: microseconds }]
}

function parseText(text: string): DbusVariant | undefined {
  if (text === 'true' || text === 'false') return { signature: 'b', value: text === 'true' }
  if (text.startsWith('[')) return parseList(text)
  const string = parseString(text)
  if (string !== undefined) return { signature: 's', value: string }
  const [, type, digits = ''] = /^(?:([a-z0-9]+)\s+)?(-?\d+)$/.exec(text) ?? []
  const signature = type === undefined ? 'i' : integerTypes[type]
  if (digits !== '' && signature !== undefined) return { signature, value: BigInt(digits) }
  return /^-?\d+\.\d+$/.test(text) ? { signature: 'd', value: Number(text) } : undefined
}

/** A list of texts: no property of a scope takes another one. */
function parseList(text: string): DbusVariant | undefined {
  const [, inside] = /^\[(.*)\]$/.exec(text) ?? []
  if (inside === undefined) return undefined
  const values: DbusValue[] = []
  for (const part of inside.split(',').map((one) => one.trim())) {
    const string = parseString(part)
    if (string === undefined) return undefined
    values.push(string)
  }
  return { signature: 'as', value: values }
}

function parseString(text: string): string | undefined {
  const [, single, double] = /^(?:'([^'\\]*)'|"([^"\\]*)")$/.exec(text) ?? []
  return single ?? double
}

function refuse(name: string, text: string): never {
  throw new OperationError(
    'INVALID_SPEC',
    'check an annotation',
    { name, value: text.slice(0, 80) },
    { hint: "Write a value as in uint64 30000000, true, 'inactive' or ['a.service']" },
  )
}
