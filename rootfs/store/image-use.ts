import { type FileLock, lock, lockSync } from '../../native/lock.ts'
import type { ImageStore } from './image-store.ts'

// Which images are in use is read off the containers' records. Whoever makes a container must have written
// its record before somebody else decides which images nobody needs.

/**
 * Keep an image from being removed until the lock is given back, by when its user must be on record.
 *
 * @returns undefined where it was removed a moment ago
 */
export function holdImage(store: ImageStore, id: string): FileLock | undefined {
  const held = lockSync(store.folders.useLock, 'shared')
  if (store.database().get('SELECT 1 FROM image WHERE id = ?', id)) return held
  held.release()
  return undefined
}

/** Decide which images go, and take them out, while nobody begins to use one. */
export async function whileNobodyBegins<T>(store: ImageStore, work: () => T): Promise<T> {
  using _held = await lock(store.folders.useLock, 'exclusive')
  return work()
}
