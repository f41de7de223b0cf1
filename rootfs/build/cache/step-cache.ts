import { existsSync } from 'node:fs'
import { keepContent } from '../../store/content-roots.ts'
import type { ImageStore } from '../../store/image-store.ts'
import { type StoredLayer, readLayerNote } from '../../store/layer-note.ts'
import { blobPath, layerFolder } from '../../store/store-folders.ts'
import type { PastFacts, StepFacts } from '../key/step-facts.ts'
import { cacheOwner, withCacheTables } from './cache-tables.ts'

/** What a step made. */
export interface CacheEntry {
  /** Chain id of the layers it was made on; "" for none. */
  readonly parentChain: string
  /** Absent: it changed nothing. */
  readonly layer: StoredLayer | undefined
  /** RFC 3339. */
  readonly created: string
}

/** Steps built before, in the store's database. */
export interface StepCache {
  /** Whether its layer is there is another question: see `isComplete`. */
  find(key: string, parentChain: string): CacheEntry | undefined
  add(keys: readonly string[], entry: CacheEntry): void
  /** What decided the step in this place the last time. */
  factsAt(place: string): PastFacts | undefined
  /** Remember facts by place, where they changed. */
  remember(
    steps: readonly { readonly place: string; readonly key: string; readonly facts: StepFacts }[],
  ): void
}

const maxFiles = 5000
const freshMs = 24 * 3600 * 1000

export function openStepCache(store: ImageStore, now = Date.now()): StepCache {
  const database = withCacheTables(store.database())
  return {
    find(key, parentChain) {
      const row = database.get('SELECT entry, used FROM build_cache WHERE key = ?', key)
      if (!row) return undefined
      const entry = JSON.parse(String(row['entry'])) as CacheEntry
      if (entry.parentChain !== parentChain) return undefined
      // Exact times of use are not worth a write in every build.
      if (now - Number(row['used']) > freshMs)
        database.run('UPDATE build_cache SET used = ? WHERE key = ?', now, key)
      return { ...entry, layer: entry.layer }
    },
    add(keys, entry) {
      const text = JSON.stringify(entry)
      database.write(() => {
        if (entry.layer)
          for (const digest of [entry.layer.digest, entry.layer.chainId])
            keepContent(database, cacheOwner, digest)
        for (const key of keys)
          database.run(
            'INSERT OR REPLACE INTO build_cache (key, used, entry) VALUES (?, ?, ?)',
            key,
            now,
            text,
          )
      })
    },
    factsAt(place) {
      const row = database.get('SELECT facts FROM build_place WHERE place = ?', place)
      return row && (JSON.parse(String(row['facts'])) as PastFacts)
    },
    remember(steps) {
      const changed = steps.filter(({ place, key }) => {
        const row = database.get('SELECT key FROM build_place WHERE place = ?', place)
        return row?.['key'] !== key
      })
      if (changed.length === 0) return
      database.write(() => {
        for (const { place, key, facts } of changed)
          database.run(
            'INSERT OR REPLACE INTO build_place (place, key, facts) VALUES (?, ?, ?)',
            place,
            key,
            JSON.stringify(pastFacts(facts)),
          )
      })
    },
  }
}

/** Whether the layer of an entry is in the store, as blob and unpacked. Hold it before asking. */
export function isComplete(store: ImageStore, layer: StoredLayer): boolean {
  const note = readLayerNote(store.folders, layer.chainId)
  return (
    note !== undefined &&
    existsSync(layerFolder(store.folders, layer.chainId)) &&
    existsSync(blobPath(store.folders, layer.digest))
  )
}

function pastFacts(facts: StepFacts): PastFacts {
  const inputs = facts.inputs.map(({ files: list, ...input }) => {
    const files = list?.()
    return files && Object.keys(files).length <= maxFiles ? { ...input, files } : input
  })
  return { ...facts, inputs }
}
