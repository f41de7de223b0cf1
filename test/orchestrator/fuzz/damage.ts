import { isObject } from '../../../orchestrator/api/object.ts'
import type { Json, JsonObject } from '../../../orchestrator/api/object.ts'
import { pick } from '../../chaos/random.ts'
import type { Random } from '../../chaos/random.ts'

// Right objects with something wrong in them, and bodies with something wrong in their bytes.

export const oddTexts = [
  '',
  'a',
  '..',
  '../x',
  '%2f',
  '\0',
  'ü',
  '\ud800',
  '__proto__',
  'constructor',
  'toString',
  'a'.repeat(300),
  '-1',
  '1e99',
  'NaN',
  '-Infinity',
  '0x10',
  '{}',
  '$patch',
  'metadata.name',
  'a'.repeat(5_000),
  '\u{10ffff}',
  'null',
  'true',
  '9'.repeat(400),
] as const
const oddNumbers = [0, -0, -1, 1, 1.5, 2 ** 31, 2 ** 53, 2 ** 63, -(2 ** 63), 1e308, 5e-324]
const oddFields = [
  'metadata',
  'name',
  'namespace',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
  'managedFields',
  'spec',
  'status',
  'containers',
  'template',
  'selector',
  'replicas',
  'ports',
  'data',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '$patch',
  '$setElementOrder/containers',
  '$deleteFromPrimitiveList/finalizers',
  '$retainKeys',
  'matchLabels',
  'image',
  'resources',
  'limits',
  'apiVersion',
  'kind',
  'resourceVersion',
  'uid',
  'deletionTimestamp',
  'f:spec',
  'k:{',
  '',
  '.',
]

const chance = (random: Random, share: number): boolean => random() < share

export function anyValue(random: Random, depth = 0): Json {
  const choice = Math.floor(random() * (depth > 4 ? 4 : 7))
  if (choice === 0) return pick(random, oddTexts)
  if (choice === 1) return pick(random, oddNumbers)
  if (choice === 2) return null
  if (choice === 3) return chance(random, 0.5)
  const items = Array.from({ length: Math.floor(random() * 4) }, () => anyValue(random, depth + 1))
  if (choice === 4) return items
  return Object.fromEntries(items.map((item) => [pick(random, oddFields), item]))
}

/** @param share how many of the values are replaced */
export function damaged(random: Random, value: Json, share = 0.03): Json {
  if (chance(random, share)) return anyValue(random)
  if (Array.isArray(value)) {
    const items = value.map((item) => damaged(random, item, share))
    return chance(random, share) ? [...items, ...items] : items
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value).flatMap(([key, entry]): [string, Json][] => {
    if (entry === undefined || chance(random, share)) return []
    return [
      [chance(random, share / 2) ? pick(random, oddFields) : key, damaged(random, entry, share)],
    ]
  })
  if (chance(random, share)) entries.push([pick(random, oddFields), anyValue(random, 1)])
  return Object.fromEntries(entries) as JsonObject
}

/** Bytes with some of them changed, cut off, doubled or put in. */
export function damagedBytes(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const at = () => Math.floor(random() * (copy.length + 1))
  const byte = () => Math.floor(random() * 256)
  switch (Math.floor(random() * 5)) {
    case 0:
      return copy.subarray(0, at())
    case 1:
      for (let change = 0; change < 4; change++) copy[at()] = byte()
      return copy
    case 2: {
      const [from, to] = [at(), at()].toSorted((a, b) => a - b) as [number, number]
      return Buffer.concat([copy.subarray(0, to), copy.subarray(from)])
    }
    case 3: {
      const place = at()
      const noise = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 12) }, byte))
      return Buffer.concat([copy.subarray(0, place), noise, copy.subarray(place)])
    }
    default:
      // The longest number there is, in the place of whatever length was there.
      return Buffer.concat([copy.subarray(0, at()), Buffer.alloc(10, 0xff), copy.subarray(at())])
  }
}

/** JSON as only people write it: keys twice, numbers that no number holds. */
export function oddJson(random: Random, value: Json): string {
  const text = JSON.stringify(value)
  switch (Math.floor(random() * 6)) {
    case 0:
      return text.replace('{', '{"metadata":5,')
    case 1:
      return text.replace('{', '{"__proto__":{"spec":{}},"spec":null,')
    case 2:
      return text.replace(/\d+/, '1e999')
    case 3:
      return text.replace(/"[^"]{1,10}"/, '"\\ud800\\u0000"')
    case 4:
      return ` ${text}\n${text}`
    default:
      return `\ufeff${text}`
  }
}
