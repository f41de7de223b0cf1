import { lock } from '../../native/lock.ts'
import type { ImageStore } from './image-store.ts'
import { makeStoreFolders } from './store-folders.ts'

/**
 * Run `work`, which adds content. Nothing is removed meanwhile, by any process: a layer that
 * was found to be there stays until the image that uses it is entered.
 */
export async function withAddition<Result>(
  store: ImageStore,
  work: () => Promise<Result>,
): Promise<Result> {
  makeStoreFolders(store.folders)
  const held = await lock(store.folders.contentLock, 'shared')
  try {
    return await work()
  } finally {
    held.release()
  }
}
