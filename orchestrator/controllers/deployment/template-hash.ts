import { isObject } from '../../api/object.ts'
import type { JsonObject } from '../../api/object.ts'

// What tells the pods of one template of a Deployment from those of another.

export const templateHashLabel = 'pod-template-hash'

// As generated names: no vowels, so that no words come about, and nothing that is easily taken for something else.
const hashLetters = 'bcdfghjklmnpqrstvwxz2456789'

/**
 * A short name for a template: FNV-1a over it, in letters that a label can carry.
 * @param collisions how often the name was taken by another template
 */
export function templateHash(template: unknown, collisions: number | undefined): string {
  const sum = hash32(Buffer.from(sortedText(template)), 2_166_136_261)
  const digits = String(collisions === undefined ? sum : hash32(countBytes(collisions), sum))
  return Array.from(digits, (digit) => hashLetters[digit.charCodeAt(0) % hashLetters.length]).join(
    '',
  )
}

/** http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash32(bytes: Uint8Array, start: number): number {
  let sum = start
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 16_777_619)
  return sum >>> 0
}

function countBytes(count: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(count >>> 0)
  return bytes
}

function sortedText(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    isObject(entry)
      ? Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  )
}

/** The template with the label of its hash, or without any. */
export function labelTemplate(template: unknown, hash: string | undefined): JsonObject {
  const { metadata, ...rest } = isObject(template) ? template : {}
  const { labels, ...others } = isObject(metadata) ? metadata : {}
  const { [templateHashLabel]: _, ...kept } = isObject(labels) ? labels : {}
  const all = hash === undefined ? kept : { ...kept, [templateHashLabel]: hash }
  return { metadata: { ...others, labels: all }, ...rest }
}
