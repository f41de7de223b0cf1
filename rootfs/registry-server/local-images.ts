import type { Registry } from './registry.ts'
import type { BlobRow, ManifestRow } from './repository-table.ts'

export function findLocalManifest(
  _registry: Registry,
  _name: string,
  _reference: string,
): ManifestRow | undefined {
  return undefined
}

export function findLocalBlob(
  _registry: Registry,
  _name: string,
  _digest: string,
): BlobRow | undefined {
  return undefined
}
