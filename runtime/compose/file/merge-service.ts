// How a later file's service goes over an earlier one's.
// https://github.com/compose-spec/compose-spec/blob/main/13-merge.md

import type { Service } from '../model/service.ts'

/** Lists of which the later one stands alone. */
const replaced = new Set(['command', 'entrypoint', 'test'])

/** Lists that hold one entry for each of these. */
const keyOf: Readonly<Record<string, (one: never) => string>> = {
  ports: ({ hostIp = '', target, published = '', protocol }: Record<string, string>) =>
    [hostIp, target, published, protocol].join(' '),
  volumes: ({ target }: { target: string }) => target,
  secrets: fileKey,
  configs: fileKey,
  devices: (text: string) => text.split(':')[1] ?? text,
  envFiles: ({ path }: { path: string }) => path,
}

function fileKey({ source, target = source }: { source: string; target?: string }): string {
  return target
}

type Mapping = Readonly<Record<string, unknown>>

/** The fields of both; of one that both have the later one's, or both together where it is a list or a mapping. */
export function mergeServices(earlier: Service, later: Service): Service {
  const merged = mergeMappings(earlier as Mapping, later as Mapping)
  const { logging } = later
  // Options of another driver mean nothing to this one.
  const isOtherDriver = logging?.driver !== undefined && logging.driver !== earlier.logging?.driver
  const ends = isOtherDriver && earlier.logging?.driver !== undefined ? { logging } : {}
  return { ...merged, ...ends }
}

export function mergeMappings(earlier: Mapping, later: Mapping): Mapping {
  const merged = Object.entries(later).map(([key, value]) => [
    key,
    merge(key, Object.hasOwn(earlier, key) ? earlier[key] : undefined, value),
  ])
  return { ...earlier, ...(Object.fromEntries(merged) as Mapping) }
}

function merge(key: string, earlier: unknown, later: unknown): unknown {
  if (Array.isArray(earlier) && Array.isArray(later))
    return replaced.has(key) ? later : mergeLists(key, earlier, later)
  if (isMapping(earlier) && isMapping(later)) return mergeMappings(earlier, later)
  return later
}

function mergeLists(
  key: string,
  earlier: readonly unknown[],
  later: readonly unknown[],
): unknown[] {
  const name = keyOf[key] as ((one: unknown) => string) | undefined
  const entries = [...earlier, ...later].map((one): [string, unknown] => [
    name ? name(one) : JSON.stringify(one),
    one,
  ])
  return [...new Map(entries).values()]
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
