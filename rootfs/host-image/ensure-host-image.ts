import { monotonicMs } from '../../native/clock.ts'
import type { Image } from '../store/image.ts'
import { type ImageStore, loadImage } from '../store/image-store.ts'
import type { SourceList } from './source-list.ts'
import { sourcesUnchanged } from './source-list.ts'

/** Reference of the built-in image; "host" finds it. */
export const hostImageReference = 'localhost/host:latest'

/**
 * The built-in image, made from the host's own shell and tools on first use, and again when one
 * of them has changed. Containers of the older one keep its layers.
 */
export async function ensureHostImage(
  store: ImageStore,
  onNote: (note: string) => void = () => undefined,
): Promise<Image> {
  const current = currentHostImage(store)
  if (current) return current
  const { buildHostImage } = await import('./build-host-image.ts')
  return buildHostImage(store, onNote)
}

/** The one that is there, where its sources are as they were. */
export function currentHostImage(store: ImageStore): Image | undefined {
  if (!store.exists()) return undefined
  const database = store.database()
  const row = database.get(
    'SELECT image_id, sources FROM host_image WHERE name = ?',
    hostImageReference,
  )
  if (!row) return undefined
  const image = loadImage(database, store.folders, String(row['image_id']))
  if (!image) return undefined
  return isFresh(store, image.id, String(row['sources'])) ? image : undefined
}

/** How long one look at the sources holds, ms: programs that start many containers look once. */
const freshForMs = 1000

interface Look {
  readonly imageId: string
  readonly at: number
}

const looks = new WeakMap<ImageStore, Look>()

function isFresh(store: ImageStore, imageId: string, sources: string): boolean {
  const now = monotonicMs()
  const last = looks.get(store)
  if (last?.imageId === imageId && now - last.at < freshForMs) return true
  if (!sourcesUnchanged(JSON.parse(sources) as SourceList)) return false
  looks.set(store, { imageId, at: now })
  return true
}
