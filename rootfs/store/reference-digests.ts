import type { ImageStore } from './image-store.ts'

/** Which manifest each full reference stands for: an image may have come several times, compressed differently. */
export function referenceDigests(store: ImageStore): Map<string, string> {
  if (!store.exists()) return new Map()
  const rows = store
    .database()
    .all('SELECT name, digest FROM reference WHERE digest IS NOT NULL ORDER BY name')
  return new Map(rows.map((row) => [String(row['name']), String(row['digest'])]))
}
