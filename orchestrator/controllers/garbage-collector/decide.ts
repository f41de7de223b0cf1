import type { KubeObject, OwnerReference } from '../../api/object.ts'
import type { DeleteOptions } from '../../client/client.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { ownersOf } from './ownership-graph.ts'

// What becomes of an object, by its owners and its dependents. Pure.
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/

export const orphanFinalizer = 'orphan'
export const foregroundFinalizer = 'foregroundDeletion'

/** How an owner is: there, gone, or going once its dependents are gone. */
export type OwnerState = 'solid' | 'absent' | 'waiting'

export type Decision =
  | { readonly verb: 'keep' }
  /** Take these owners off it. */
  | { readonly verb: 'disown'; readonly uids: ReadonlySet<string> }
  | { readonly verb: 'delete'; readonly policy: NonNullable<DeleteOptions['propagationPolicy']> }
  /** Take it off its dependents, then let it go. */
  | { readonly verb: 'orphan dependents' }
  /** Have its dependents looked at; it goes when none of them blocks it. */
  | { readonly verb: 'await dependents'; readonly blocked: boolean }

export function hasFinalizer({ metadata }: KubeObject, name: string): boolean {
  return metadata.finalizers?.includes(name) ?? false
}

/** Whether it goes once its dependents are gone. */
export function awaitsDependents(object: KubeObject): boolean {
  return isTerminating(object) && hasFinalizer(object, foregroundFinalizer)
}

/** @returns undefined for what nobody asked to go: then its owners decide */
export function decideLeaving(
  object: KubeObject,
  dependents: readonly KubeObject[],
): Decision | undefined {
  if (!isTerminating(object)) return undefined
  if (hasFinalizer(object, orphanFinalizer)) return { verb: 'orphan dependents' }
  if (!hasFinalizer(object, foregroundFinalizer)) return { verb: 'keep' }
  const blocks = ({ uid, blockOwnerDeletion }: OwnerReference): boolean =>
    uid === object.metadata.uid && blockOwnerDeletion === true
  const blocked = dependents.some((dependent) => ownersOf(dependent).some(blocks))
  return { verb: 'await dependents', blocked }
}

export function decideByOwners(
  object: KubeObject,
  states: ReadonlyMap<string, OwnerState>,
  hasDependents: boolean,
): Decision {
  const inState = (state: OwnerState): string[] =>
    [...states].filter(([, each]) => each === state).map(([uid]) => uid)
  const gone = [...inState('absent'), ...inState('waiting')]
  if (gone.length === 0) return { verb: 'keep' }
  if (inState('solid').length > 0) return { verb: 'disown', uids: new Set(gone) }
  if (inState('waiting').length > 0 && hasDependents)
    return { verb: 'delete', policy: 'Foreground' }
  if (hasFinalizer(object, orphanFinalizer)) return { verb: 'delete', policy: 'Orphan' }
  const isForeground = hasFinalizer(object, foregroundFinalizer)
  return { verb: 'delete', policy: isForeground ? 'Foreground' : 'Background' }
}
