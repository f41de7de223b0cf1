import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FileLock, lock, tryLock } from '../../native/lock.ts'
import type { ImageStore } from './image-store.ts'
import { removeFolder } from './remove-folder.ts'
import { type StoreFolders, digestHex, makeStoreFolders } from './store-folders.ts'

// How adding and removing live side by side: who adds content holds a lease and writes into it what
// it relies on; who removes content reads all leases first. The content lock is held only for the
// moment in which a name is written down or a sweep renames things away, never for a whole pull.

/** The right to add content, and to rely on content that is there, for as long as it is held. */
export interface Lease {
  readonly store: ImageStore
  readonly folders: StoreFolders
  /** A folder for what is half made. It goes with the lease, and with the next sweep after a crash. */
  readonly folder: string
  /**
   * From now until the lease ends no process removes these blobs and layers, whether they exist
   * already or come later. Call it before looking whether one is there.
   *
   * @param digests digests of blobs, chain ids of layers
   */
  hold(...digests: readonly string[]): Promise<void>
  /**
   * Wait for the exclusive lock of this name. A sweep removes lock files that nobody holds, which is
   * safe only because this looks for them under the content lock.
   *
   * @param name a file name
   */
  lock(name: string): Promise<FileLock>
  /** As `lock`; undefined where somebody else holds it. */
  tryLock(name: string): Promise<FileLock | undefined>
  release(): void
}

const lockName = 'lease.lock'
const listName = 'held'

/** Take a lease; `release` must be called, also after a failure. See `withLease`. */
export async function takeLease(store: ImageStore): Promise<Lease> {
  const { folders } = store
  makeStoreFolders(folders)
  const folder = join(folders.temporary, `lease-${randomUUID()}`)
  const own = await withContentLock(folders, () => {
    mkdirSync(folder, { mode: 0o700 })
    return tryLock(join(folder, lockName))
  })
  const held = new Set<string>()
  return {
    store,
    folders,
    folder,
    async hold(...digests) {
      const names = digests.map(digestHex).filter((name) => !held.has(name))
      if (names.length === 0) return
      await withContentLock(folders, () =>
        appendFileSync(join(folder, listName), names.map((name) => `${name}\n`).join('')),
      )
      for (const name of names) held.add(name)
    },
    lock: (name) => waitForLock(folders, name),
    tryLock: (name) => tryNamedLock(folders, name),
    release() {
      removeFolder(folder)
      own?.release()
    },
  }
}

/** Run `work`, which adds content, under a lease. */
export async function withLease<Result>(
  store: ImageStore,
  work: (lease: Lease) => Promise<Result>,
): Promise<Result> {
  const lease = await takeLease(store)
  try {
    return await work(lease)
  } finally {
    lease.release()
  }
}

async function waitForLock(folders: StoreFolders, name: string): Promise<FileLock> {
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    const held = await tryNamedLock(folders, name)
    if (held) return held
    await new Promise((resolve) => {
      setTimeout(resolve, pause)
    })
  }
}

function tryNamedLock(folders: StoreFolders, name: string): Promise<FileLock | undefined> {
  return withContentLock(folders, () => tryLock(join(folders.locks, name)))
}

async function withContentLock<Result>(folders: StoreFolders, work: () => Result): Promise<Result> {
  const held: FileLock = await lock(folders.contentLock, 'shared')
  try {
    return work()
  } finally {
    held.release()
  }
}

/**
 * Names (hexadecimal parts of digests and chain ids) that living leases hold, and the temporary
 * folders of dead ones. The caller holds the content lock exclusively.
 */
export function readLeases(folders: StoreFolders): { held: Set<string>; dead: string[] } {
  const held = new Set<string>()
  const dead: string[] = []
  for (const name of readdirSync(folders.temporary)) {
    if (!name.startsWith('lease-')) continue
    const folder = join(folders.temporary, name)
    if (isDead(folder)) dead.push(folder)
    else for (const digest of readList(join(folder, listName))) held.add(digest)
  }
  return { held, dead }
}

/** Its owner holds its lock as long as it lives. */
function isDead(folder: string): boolean {
  try {
    const taken = tryLock(join(folder, lockName))
    taken?.release()
    return taken !== undefined
  } catch {
    // Its owner is removing it at this moment.
    return false
  }
}

function readList(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}
