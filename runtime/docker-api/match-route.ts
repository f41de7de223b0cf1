import type { Handler, Route } from './api-call.ts'

/** Versions of the API: what we say we speak, and the oldest that is taken. */
export const apiVersion = '1.44'
export const oldestApiVersion = '1.24'

export interface VersionedPath {
  readonly path: string
  /** Absent: the client names none. */
  readonly version?: string | undefined
}

/** Take `/v1.41` off. */
export function splitVersion(path: string): VersionedPath {
  const match = /^\/v(\d+\.\d+)(\/.*)$/.exec(path)
  return match ? { version: match[1], path: match[2] ?? '/' } : { path }
}

/** @returns below zero where the first is older */
export function compareVersions(one: string, other: string): number {
  const [major = 0, minor = 0] = one.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number)
  return major - otherMajor || minor - otherMinor
}

export interface Match {
  readonly handler: Handler
  readonly parameters: readonly string[]
}

/**
 * The first route that fits. A star stands for one part of the path; two for one part or several, since
 * names of images have slashes.
 */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): Match | 'wrong method' | undefined {
  let isKnown = false
  for (const [wanted, pattern, handler] of routes) {
    const found = patternOf(pattern).exec(path)
    if (!found) continue
    isKnown = true
    if (wanted !== method) continue
    const parameters = decoded(found.slice(1))
    return parameters && { handler, parameters }
  }
  return isKnown ? 'wrong method' : undefined
}

function decoded(parts: readonly string[]): string[] | undefined {
  try {
    return parts.map(decodeURIComponent)
  } catch {
    return undefined
  }
}

const patterns = new Map<string, RegExp>()

function patternOf(pattern: string): RegExp {
  const known = patterns.get(pattern)
  if (known) return known
  const source = pattern.replaceAll(/\*\*?/g, (stars) => (stars === '*' ? '([^/]+)' : '(.+)'))
  const made = new RegExp(`^${source}/?$`)
  patterns.set(pattern, made)
  return made
}
