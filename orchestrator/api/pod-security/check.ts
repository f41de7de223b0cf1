import { listAt, textAt, valueAt } from '../object.ts'
import type { JsonObject } from '../object.ts'

// What checks of the Pod Security Standards are made of. https://kubernetes.io/docs/concepts/security/pod-security-standards/

/** Of a pod, or of a template. */
export interface PodToCheck {
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: JsonObject
  /** Minor number of the version of the standards: what is allowed has grown. */
  readonly version: number
}

/** Why a pod does not hold to a standard: what is wrong, and who is it. */
export interface Violation {
  readonly reason: string
  readonly detail: string
}

export interface Check {
  /** Minor number of the version that it came with; absent: the first. */
  readonly since?: number
  /** The restricted standard has a stricter one in its place. */
  readonly isReplaced?: boolean
  readonly check: (pod: PodToCheck) => Violation | undefined
}

/** All kinds of containers, in the order in which they are told. */
export function containersOf(spec: JsonObject): JsonObject[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    listAt(spec, [list]),
  )
}

export function names(objects: readonly JsonObject[]): string[] {
  return objects.map((object) => textAt(object, ['name']) ?? '')
}

/** `"a", "b"` */
export function quoted(words: readonly string[]): string {
  return words.map((word) => JSON.stringify(word)).join(', ')
}

/** `container "a"`, `containers "a", "b"` */
export function counted(word: string, of: readonly string[]): string {
  return `${plural(word, of)} ${quoted(of)}`
}

export function plural(word: string, of: readonly unknown[]): string {
  return of.length === 1 ? word : `${word}s`
}

/** Each once, in order. */
export function sorted(words: readonly string[]): string[] {
  return [...new Set(words)].toSorted()
}

/** A field of a securityContext, of a pod or of a container. */
export function securityField(holder: JsonObject, ...path: string[]): unknown {
  return valueAt(holder, ['securityContext', ...path])
}

/** `pod and container "a"`: those of the pod and its containers of which something is so; empty for none. */
export function setters(spec: JsonObject, isSo: (holder: JsonObject) => boolean): string {
  const containers = containersOf(spec).filter(isSo)
  return [
    ...(isSo(spec) ? ['pod'] : []),
    ...(containers.length > 0 ? [counted('container', names(containers))] : []),
  ].join(' and ')
}

/** The texts that the pod and its containers have in a field of their securityContext. */
export function textsAt(spec: JsonObject, ...path: string[]): string[] {
  return [spec, ...containersOf(spec)].flatMap((holder) => {
    const value = securityField(holder, ...path)
    return typeof value === 'string' ? [value] : []
  })
}

/** Since then what makes no sense on Windows is not asked of its pods. */
const windowsSince = 25

export function isWindows({ spec, version }: PodToCheck): boolean {
  return version >= windowsSince && textAt(spec, ['os', 'name']) === 'windows'
}
