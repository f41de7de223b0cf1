import type { ImageStore } from '../../rootfs/store/image-store.ts'
import { pruneImages } from '../../rootfs/store/remove-image.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { listRecords } from '../../runtime/container/record-store.ts'
import type { Observation } from './pressure/thresholds.ts'

/** Removes images that no container was made from and no pod of the node asks for. */
export interface ImageCollector {
  /** Where the disk is fuller than the high threshold: until it is down to the low one. @returns bytes that were to be freed, and that were */
  collect(): Promise<{ readonly wanted: number; readonly freed: number }>
  /** All of them, whatever the disk has left. */
  collectAll(): Promise<void>
}

export interface ImageCollectorOptions {
  readonly context: EngineContext
  /** Names of images that pods of this node ask for. */
  readonly wanted: () => readonly string[]
  /** The file system of the images. */
  readonly disk: () => Observation
  /** Percent of the disk in use; the kubelet's are 85 and 80. */
  readonly high: number
  readonly low: number
  /** Milliseconds that an image stays at least; the kubelet's are 2 minutes. */
  readonly minAge: number
}

export function makeImageCollector(options: ImageCollectorOptions): ImageCollector {
  const { context, disk, high, low, minAge } = options
  /** By id, milliseconds of performance.now: when an image was seen first, and when it was used last. */
  const seen = new Map<string, { readonly first: number; used: number }>()
  const usedOf = (store: ImageStore): Set<string> => {
    const named = options.wanted().flatMap((name) => store.find(name)?.id ?? [])
    return new Set([...listRecords(context.folders).map(({ imageId }) => imageId), ...named])
  }
  const note = async (): Promise<{ id: string; size: number; used: number; first: number }[]> => {
    const now = performance.now()
    const store = await context.images()
    const used = usedOf(store)
    const images = store.list()
    for (const id of seen.keys()) if (!images.some((image) => image.id === id)) seen.delete(id)
    return images.flatMap(({ id, size }) => {
      const known = seen.get(id) ?? { first: now, used: 0 }
      if (used.has(id)) known.used = now
      seen.set(id, known)
      return used.has(id) || now - known.first < minAge ? [] : [{ id, size, ...known }]
    })
  }
  const remove = async (ids: ReadonlySet<string>): Promise<number> => {
    if (ids.size === 0) return 0
    const store = await context.images()
    const { freed } = await pruneImages(store, {
      all: true,
      isWanted: ({ id }) => ids.has(id),
      // Asked while nobody begins to use one.
      inUse: () => usedOf(store),
    })
    return freed
  }
  return {
    collect: async () => {
      const unused = await note()
      const { available, capacity } = disk()
      const used = capacity - available
      if (used * 100 < capacity * high) return { wanted: 0, freed: 0 }
      const wanted = Math.ceil(used - (capacity * low) / 100)
      return { wanted, freed: await remove(chooseImages(unused, wanted)) }
    },
    collectAll: async () => {
      await remove(new Set((await note()).map(({ id }) => id)))
    },
  }
}

/** Those that were used longest ago, until they are as many bytes as wanted. */
export function chooseImages(
  unused: readonly { id: string; size: number; used: number; first: number }[],
  wanted: number,
): Set<string> {
  const chosen = new Set<string>()
  let bytes = 0
  for (const { id, size } of unused.toSorted((a, b) => a.used - b.used || a.first - b.first)) {
    if (bytes >= wanted) break
    chosen.add(id)
    bytes += size
  }
  return chosen
}
