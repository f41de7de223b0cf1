import type { KubeObject } from '../api/object.ts'
import type { Informer } from '../client/informer.ts'

// A plan made from a cache that does not know the last plan's writes would make them again. So a key is done with when
// what it wrote has come back.

interface Waiter {
  readonly object: KubeObject
  readonly done: () => void
}

/** Past that, something is wrong with the watch, and the next plan has to do with what is known. */
const longestMs = 1_000

export type AwaitSeen = (objects: readonly KubeObject[]) => Promise<void>

/** @param informerOf the informer of an object's kind, for the kinds that plans are made from */
export function makeAwaitSeen(informerOf: (object: KubeObject) => Informer | undefined): AwaitSeen {
  const waiters = new Map<Informer, Set<Waiter>>()
  function waitersOf(informer: Informer): Set<Waiter> {
    const known = waiters.get(informer)
    if (known) return known
    const made = new Set<Waiter>()
    waiters.set(informer, made)
    informer.onChange((object) => {
      for (const waiter of made) if (isAtLeast(object, waiter.object)) waiter.done()
    })
    return made
  }
  return async (objects) => {
    await Promise.all(
      objects.map(async (object) => {
        const informer = informerOf(object)
        if (!informer || isSeen(informer, object)) return
        await waitFor(waitersOf(informer), object)
      }),
    )
  }
}

function isSeen(informer: Informer, object: KubeObject): boolean {
  const { name = '', namespace, deletionTimestamp } = object.metadata
  const known = informer.get({ name, namespace })
  if (known) return isAtLeast(known, object)
  // What was changed and is not known is gone: the change let it go.
  return deletionTimestamp !== undefined
}

function isAtLeast(known: KubeObject, object: KubeObject): boolean {
  const { name, namespace, uid } = object.metadata
  const at = known.metadata
  if (at.name !== name || at.namespace !== namespace) return false
  return at.uid !== uid || Number(at.resourceVersion) >= Number(object.metadata.resourceVersion)
}

async function waitFor(waiters: Set<Waiter>, object: KubeObject): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiter = { object, done: resolve }
  waiters.add(waiter)
  const timer = setTimeout(resolve, longestMs)
  await promise
  clearTimeout(timer)
  waiters.delete(waiter)
}
