import { formatReference } from '../reference.ts'
import { candidateReferences } from './find-image.ts'
import type { ImageStore } from './image-store.ts'

/** An index that is kept with all its platforms, or an artifact. */
export interface StoredDocument {
  /** Full reference. */
  readonly name: string
  readonly digest: string
  readonly mediaType: string
  /** Milliseconds since 1970. */
  readonly added: number
}

/** All of them, by name. */
export function listDocuments(store: ImageStore): StoredDocument[] {
  if (!store.exists()) return []
  return store
    .database()
    .all('SELECT name, digest, media_type, added FROM document ORDER BY name')
    .map((row) => ({
      name: String(row['name']),
      digest: String(row['digest']),
      mediaType: String(row['media_type']),
      added: Number(row['added']),
    }))
}

/** The document that a reference names, as docker reads it or below localhost/, or a digest. */
export function findDocument(store: ImageStore, text: string): StoredDocument | undefined {
  const documents = listDocuments(store)
  const byDigest = documents.find((document) => document.digest === text)
  if (byDigest || text.startsWith('sha256:')) return byDigest
  for (const candidate of candidateReferences(text)) {
    const name = formatReference({ ...candidate, digest: undefined })
    const found = documents.find((document) => document.name === name)
    if (found && (candidate.digest ?? found.digest) === found.digest) return found
  }
  return undefined
}

/** Take the name away; the next sweep removes the content where nothing else needs it. */
export function removeDocument(store: ImageStore, { name }: StoredDocument): void {
  store.database().run('DELETE FROM document WHERE name = ?', name)
}
