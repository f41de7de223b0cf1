import { OperationError } from '../../native/error.ts'
import { familiarName, parseReference } from '../reference.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/image-store.ts'

export type ImageFilter = (image: Image) => boolean

/**
 * Filters as docker and podman write them: several of one key are alternatives, those of different
 * keys must all hold; `label` and `until` always must.
 *
 * @param texts "key=value" or "key!=value"
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function imageFilter(
  store: ImageStore,
  texts: readonly string[],
  now = Date.now(),
): ImageFilter {
  const groups = new Map<string, ImageFilter[]>()
  for (const text of texts) {
    const { key, negated, value } = splitFilter(text)
    const test = makeFilter(store, key, value, now)
    const group = key === 'label' ? text : key
    const filter: ImageFilter = negated ? (image) => !test(image) : test
    groups.set(group, [...(groups.get(group) ?? []), filter])
  }
  return (image) => [...groups.values()].every((group) => group.some((test) => test(image)))
}

function splitFilter(text: string): { key: string; negated: boolean; value: string } {
  const match = /^([a-z]+)(!?)=([\s\S]*)$/.exec(text)
  if (!match) throw unknown(text)
  return { key: match[1] ?? '', negated: match[2] === '!', value: match[3] ?? '' }
}

function makeFilter(store: ImageStore, key: string, value: string, now: number): ImageFilter {
  switch (key) {
    case 'dangling':
      return ({ references }) => (references.length === 0) === readBoolean(value)
    case 'reference':
      return ({ references }) => references.some((reference) => matchesPattern(reference, value))
    case 'id':
      return ({ id }) => id.replace('sha256:', '').startsWith(value.replace('sha256:', ''))
    case 'digest':
      return ({ digest }) => digest.startsWith(value)
    case 'label':
      return ({ config }) => hasLabel(config.labels, value)
    case 'before':
      return (image) => createdAt(image) < createdAt(store.require(value))
    case 'since':
    case 'after':
      return (image) => createdAt(image) > createdAt(store.require(value))
    case 'until':
      return (image) => createdAt(image) < readTime(value, now)
    default:
      throw unknown(key)
  }
}

/** Milliseconds since 1970: as the image says, else when it came. */
export function createdAt({ config, added }: Image): number {
  return Date.parse(config.created ?? '') || added
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [name = '', ...rest] = wanted.split('=')
  if (!Object.hasOwn(labels, name)) return false
  return rest.length === 0 || labels[name] === rest.join('=')
}

function matchesPattern(reference: string, pattern: string): boolean {
  const parsed = parseReference(reference)
  const name = familiarName(parsed)
  const short = name.replace(/^localhost\//, '')
  const withTag = /:[^/]*$/.test(pattern)
  const forms = [name, short, short.split('/').at(-1) ?? short, reference.replace(/:[^/]*$/, '')]
  const expression = wildcard(pattern)
  return forms.some((form) => expression.test(withTag ? `${form}:${parsed.tag ?? ''}` : form))
}

/** As path.Match of Go: "*" and "?" stop at a slash. */
function wildcard(pattern: string): RegExp {
  const escaped = pattern
    .replaceAll(/[$()+.[\\\]^{|}]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  return new RegExp(`^${escaped}$`)
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A duration before now ("24h", "1h30m"), seconds since 1970, or a date. */
function readTime(text: string, now: number): number {
  if (/^(?:\d+(?:\.\d+)?[smhd])+$/.test(text)) {
    let age = 0
    for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g))
      age += Number(count) * (unitMs[unit ?? 's'] ?? 0)
    return now - age
  }
  const time = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (Number.isNaN(time)) throw unknown(`until=${text}`)
  return time
}

function readBoolean(text: string): boolean {
  if (['true', '1', 't'].includes(text.toLowerCase())) return true
  if (['false', '0', 'f'].includes(text.toLowerCase())) return false
  throw unknown(`dangling=${text}`)
}

function unknown(filter: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'read a filter',
    { filter },
    { hint: 'Use dangling, reference, id, digest, label, before, since or until with =VALUE' },
  )
}
