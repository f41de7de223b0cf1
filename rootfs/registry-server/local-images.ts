import { readFileSync, statSync } from 'node:fs'
import { parseReference } from '../reference.ts'
import type { Database } from '../store/database.ts'
import { blobPath } from '../store/store-folders.ts'
import { type ManifestDocument, type Target, readManifest } from './manifest-document.ts'
import { isRepositoryName } from './names.ts'
import type { Registry } from './registry.ts'
import type { BlobRow, ManifestRow } from './repository-table.ts'

// Images of the local store, seen as repositories: what is below localhost (with any port) by its path,
// everything else by its full name ("docker.io/library/alpine"). They can only be pulled; what was
// pushed under the same name comes first.

interface LocalReference {
  readonly repository: string
  /** Undefined for an image that was pulled by digest. */
  readonly tag: string | undefined
  readonly digest: string
}

/** @param reference tag or digest */
export function findLocalManifest(
  registry: Registry,
  repository: string,
  reference: string,
): ManifestRow | undefined {
  const references = localReferences(registry).filter((each) => each.repository === repository)
  if (!reference.includes(':')) {
    const named = references.find(({ tag }) => tag === reference)
    return named && readLocal(registry, named.digest)
  }
  return reachable(registry, references).manifests.get(reference)
}

export function findLocalBlob(
  registry: Registry,
  repository: string,
  digest: string,
): BlobRow | undefined {
  const references = localReferences(registry).filter((each) => each.repository === repository)
  const blob = reachable(registry, references).blobs.get(digest)
  return blob && { ...blob, content: digest, used: Number.POSITIVE_INFINITY }
}

export function localTags(registry: Registry, repository: string): string[] {
  return localReferences(registry).flatMap(({ repository: name, tag }) =>
    name === repository && tag !== undefined ? [tag] : [],
  )
}

export function localRepositories(registry: Registry): string[] {
  return [...new Set(localReferences(registry).map(({ repository }) => repository))]
}

function localReferences({ settings, database }: Registry): LocalReference[] {
  if (!settings.sharesLocalImages) return []
  return namedDigests(database).flatMap(({ name, digest }) => {
    const { domain, path, tag } = parseReference(name)
    const isLocal = /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(domain)
    const repository = isLocal ? path : `${domain}/${path}`
    return isRepositoryName(repository) ? [{ repository, tag, digest }] : []
  })
}

function namedDigests(database: Database): { name: string; digest: string }[] {
  return database
    .all(
      `SELECT name, COALESCE(reference.digest, image.digest) AS digest FROM reference
         JOIN image ON image.id = reference.image_id
       UNION ALL SELECT name, digest FROM document ORDER BY name`,
    )
    .map((row) => ({ name: String(row['name']), digest: String(row['digest']) }))
}

interface LocalContent {
  readonly manifests: Map<string, ManifestRow>
  readonly blobs: Map<string, Target>
}

/** What the references lead to, through any number of indexes. */
function reachable(registry: Registry, references: readonly LocalReference[]): LocalContent {
  const content: LocalContent = { manifests: new Map(), blobs: new Map() }
  const open = references.map(({ digest }) => digest)
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (content.manifests.has(digest)) continue
    const document = readDocument(registry, digest)
    if (!document) continue
    content.manifests.set(digest, toRow(digest, document))
    for (const blob of document.blobs) content.blobs.set(blob.digest, blob)
    open.push(...document.manifests.map((child) => child.digest))
  }
  return content
}

function readLocal(registry: Registry, digest: string): ManifestRow | undefined {
  const document = readDocument(registry, digest)
  return document && toRow(digest, document)
}

interface LocalDocument extends ManifestDocument {
  readonly size: number
}

/** @returns undefined where it is not here, or is nothing that a registry serves */
function readDocument({ store }: Registry, digest: string): LocalDocument | undefined {
  try {
    const path = blobPath(store.folders, digest)
    if (!statSync(path, { throwIfNoEntry: false })) return undefined
    const bytes = readFileSync(path)
    return { ...readManifest(bytes, undefined), size: bytes.length }
  } catch {
    return undefined
  }
}

function toRow(digest: string, document: LocalDocument): ManifestRow {
  return { ...document, digest, content: digest, used: Number.POSITIVE_INFINITY }
}
