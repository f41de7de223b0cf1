import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import type { Store } from '../store/store.ts'
import { keyPrefix, readObject } from './object-storage.ts'

export interface KindFollower {
  /** It is there, or is another than before. */
  onObject(object: KubeObject): void
  /** As it was last. */
  onGone?(object: KubeObject): void
}

/** Tell of every object of a kind, and then of every change; within the turn in which the store does. */
export async function followKind(
  store: Store,
  kind: Kind,
  follower: KindFollower,
): Promise<{ stop(): void }> {
  const start = await store.list(keyPrefix(kind))
  for (const { value, revision } of start.entries)
    follower.onObject(readObject(kind, value, revision))
  return store.watch(keyPrefix(kind), start.revision, {
    onEvents: (events) => {
      for (const { type, value, revision } of events) {
        const object = readObject(kind, value, revision)
        if (type === 'put') follower.onObject(object)
        else follower.onGone?.(object)
      }
    },
  })
}
