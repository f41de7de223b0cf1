import { findLocalBlob, findLocalManifest } from './local-images.ts'
import type { Registry } from './registry.ts'
import { refusal } from './registry-error.ts'
import { type BlobRow, type ManifestRow, findBlob, findManifest } from './repository-table.ts'
import { findTag, repositoryExists } from './tag-table.ts'

/** A blob of a repository, pushed or of a local image. */
export function findBlobOf(registry: Registry, name: string, digest: string): BlobRow | undefined {
  return findBlob(registry.database, name, digest) ?? findLocalBlob(registry, name, digest)
}

/** As {@link findBlobOf}. @throws {RegistryError} `BLOB_UNKNOWN`, `NAME_UNKNOWN` */
export function requireBlob(registry: Registry, name: string, digest: string): BlobRow {
  const blob = findBlobOf(registry, name, digest)
  if (blob) return blob
  throw notFound(registry, name, 'BLOB_UNKNOWN', { digest })
}

/** @param reference tag or digest, as it stands in the path */
export function findByReference(
  registry: Registry,
  name: string,
  reference: string,
): ManifestRow | undefined {
  const { database } = registry
  const digest = reference.includes(':') ? reference : findTag(database, name, reference)
  const pushed = digest === undefined ? undefined : findManifest(database, name, digest)
  return pushed ?? findLocalManifest(registry, name, reference)
}

/** @throws {RegistryError} `MANIFEST_UNKNOWN`, `NAME_UNKNOWN` */
export function requireManifest(registry: Registry, name: string, reference: string): ManifestRow {
  const manifest = findByReference(registry, name, reference)
  if (manifest) return manifest
  throw notFound(registry, name, 'MANIFEST_UNKNOWN', { reference: reference.slice(0, 200) })
}

function notFound(
  { database }: Registry,
  name: string,
  code: 'BLOB_UNKNOWN' | 'MANIFEST_UNKNOWN',
  detail: object,
): Error {
  if (!repositoryExists(database, name))
    return refusal(404, 'NAME_UNKNOWN', 'there is no such repository', { detail: { name } })
  return refusal(404, code, 'the repository does not have it', { detail })
}
