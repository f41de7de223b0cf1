import type { DigestCache } from '../../build-steps/digest-cache.ts'
import type { ImageStore } from '../../store/image-store.ts'
import { withCacheTables } from './cache-tables.ts'

/** A file that changed this short a time ago may change again without its times showing it. */
const settleNs = 50_000_000n

export interface ContextDigests extends DigestCache {
  /** Write what was learned. Digests of files that were not asked for are forgotten. */
  save(): void
}

/** Digests of the files of one context from builds before. */
export function openContextDigests(store: ImageStore, folder: string): ContextDigests {
  const database = withCacheTables(store.database())
  const row = database.get('SELECT digests FROM build_context WHERE folder = ?', folder)
  const known = new Map(
    Object.entries(row ? (JSON.parse(String(row['digests'])) as Record<string, string>) : {}),
  )
  const used = new Map<string, string>()
  // Good for this build, too young to be believed by the next one.
  const young = new Map<string, string>()
  let learned = 0
  return {
    get(key) {
      const digest = used.get(key) ?? known.get(key)
      if (digest !== undefined) used.set(key, digest)
      return digest ?? young.get(key)
    },
    set(key, digest) {
      const changed = BigInt(/[0-9]+$/.exec(key)?.[0] ?? 0)
      if (BigInt(Date.now()) * 1_000_000n - changed < settleNs) return void young.set(key, digest)
      learned++
      used.set(key, digest)
    },
    save() {
      if (learned === 0 && used.size * 2 >= known.size) return
      const text = JSON.stringify(Object.fromEntries(used))
      database.run(
        'INSERT OR REPLACE INTO build_context (folder, digests) VALUES (?, ?)',
        folder,
        text,
      )
    },
  }
}
