/** A value of D-Bus. Its type is that of the signature it is written by; a dictionary is a list of pairs. */
export type DbusValue =
  | number
  | bigint
  | boolean
  | string
  | DbusVariant
  | readonly DbusValue[]
  | Uint8Array

/** A value that brings its signature along. */
export interface DbusVariant {
  readonly signature: string
  readonly value: DbusValue
}

/** A value that is to be a text; empty where it is something else. */
export function dbusText(value: DbusValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** Sizes of the types that have a fixed one, which is also what they are aligned to. */
export const fixedSizes: Readonly<Record<string, number>> = {
  y: 1,
  b: 4,
  n: 2,
  q: 2,
  i: 4,
  u: 4,
  h: 4,
  x: 8,
  t: 8,
  d: 8,
}

/** What a value of that type is aligned to, bytes. */
export function alignmentOf(type: string): number {
  const first = type[0] ?? ''
  if (first === '(' || first === '{') return 8
  if (first === 'g' || first === 'v') return 1
  return fixedSizes[first] ?? 4
}

/** The complete types that a signature is made of, in order: `sa(sv)u` is `s`, `a(sv)`, `u`. */
export function splitSignature(signature: string): string[] {
  const types: string[] = []
  for (let at = 0; at < signature.length;) {
    const end = endOfType(signature, at)
    types.push(signature.slice(at, end))
    at = end
  }
  return types
}

function endOfType(signature: string, start: number): number {
  let at = start
  while (signature[at] === 'a') at++
  if (signature[at] !== '(' && signature[at] !== '{') return at + 1
  for (let depth = 0; at < signature.length; at++) {
    if (signature[at] === '(' || signature[at] === '{') depth++
    if ((signature[at] === ')' || signature[at] === '}') && --depth === 0) return at + 1
  }
  return signature.length
}
