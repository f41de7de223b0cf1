import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type FileLock, tryLock } from '../../native/lock.ts'
import { removeFolder } from '../../rootfs/store/remove-folder.ts'
import { folderBytes } from '../container/list.ts'

// RUN --mount=type=cache: folders below build-cache/, one for each id, that outlive builds. Whoever
// uses one holds its lock: shared, or exclusively (sharing=locked, private). What is mounted is
// always the whole folder, so that nothing in it is ever looked up by a path (CVE-2024-23651).

/** How often a lock that another build holds is looked at, ms. */
const lockPollMs = 20

export interface CacheFolder {
  readonly path: string
  release(): void
}

export interface CacheWish {
  readonly id: string
  readonly sharing: 'shared' | 'private' | 'locked'
  /** Of a new cache. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Puts the first content into a new cache. */
  readonly fill?: ((folder: string) => Promise<void>) | undefined
  /** Ends the wait for a locked cache. */
  readonly signal?: AbortSignal | undefined
}

/** The cache of this id, made when missing; waits for its turn where it is locked. */
export async function openCache(dataDir: string, wish: CacheWish): Promise<CacheFolder> {
  const parent = cachesFolder(dataDir)
  mkdirSync(parent, { recursive: true, mode: 0o700 })
  // The id is anybody's text: as a digest it is a name, and no path.
  const name = createHash('sha256').update(wish.id).digest('hex')
  const held = await lockCache(parent, name, wish)
  try {
    const path = join(parent, held.name)
    await makeCache(path, wish)
    return { path, release: () => held.lock.release() }
  } catch (error) {
    held.lock.release()
    throw error
  }
}

function cachesFolder(dataDir: string): string {
  return join(dataDir, 'build-cache')
}

async function lockCache(
  parent: string,
  name: string,
  { sharing, signal }: CacheWish,
): Promise<{ name: string; lock: FileLock }> {
  const mode = sharing === 'shared' ? 'shared' : 'exclusive'
  for (let count = 0; ; count++) {
    // Private: the first that nobody uses, else a new one. Otherwise it is waited for.
    const candidate = sharing !== 'private' || count === 0 ? name : `${name}-${count}`
    const held = tryLock(join(parent, `${candidate}.lock`), mode)
    if (held) return { name: candidate, lock: held }
    if (sharing !== 'private') await new Promise((resolve) => setTimeout(resolve, lockPollMs))
    signal?.throwIfAborted()
  }
}

async function makeCache(path: string, wish: CacheWish): Promise<void> {
  if (existsSync(path)) return
  const being = `${path}.new-${process.pid}-${Math.floor(performance.now() * 1000)}`
  mkdirSync(being, { mode: 0o700 })
  try {
    await wish.fill?.(being)
    chownSync(being, wish.uid, wish.gid)
    chmodSync(being, wish.mode)
    renameSync(being, path)
  } catch (error) {
    removeFolder(being)
    // Another build has made it meanwhile, and has put something into it.
    if (!existsSync(path)) throw error
  }
}

/** Absolute folders of all caches. */
export function cacheFolders(dataDir: string): string[] {
  const parent = cachesFolder(dataDir)
  if (!existsSync(parent)) return []
  return readdirSync(parent).flatMap((name) => (name.includes('.') ? [] : [join(parent, name)]))
}

/** Remove every cache that no build uses at this moment. */
export function pruneCaches(dataDir: string): { freed: number } {
  const parent = cachesFolder(dataDir)
  let freed = 0
  for (const name of existsSync(parent) ? readdirSync(parent) : []) {
    if (name.endsWith('.lock')) continue
    const [cache = ''] = name.split('.')
    using held = tryLock(join(parent, `${cache}.lock`), 'exclusive')
    if (!held) continue
    freed += folderBytes(join(parent, name))
    removeFolder(join(parent, name))
  }
  return { freed }
}
