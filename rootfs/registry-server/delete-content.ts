import { type Exchange, sendEmpty } from './exchange.ts'
import { requireDigest } from './names.ts'
import { refusal } from './registry-error.ts'
import { deleteBlob, deleteManifest } from './repository-table.ts'
import { deleteTag, repositoryExists } from './tag-table.ts'

/** `DELETE /v2/<name>/manifests/<reference>`: a tag alone, or a manifest with the tags on it. */
export function removeManifest(exchange: Exchange, name: string, reference: string): void {
  const { database } = exchange.registry
  const isDigest = reference.includes(':')
  if (isDigest) requireDigest(reference)
  const remove = isDigest ? deleteManifest : deleteTag
  const found = database.write(() => remove(database, name, reference, Date.now()))
  if (!found) throw unknown(exchange, name, 'MANIFEST_UNKNOWN')
  sendEmpty(exchange, 202)
}

/** `DELETE /v2/<name>/blobs/<digest>`. */
export function removeBlob(exchange: Exchange, name: string, digest: string): void {
  const { database } = exchange.registry
  requireDigest(digest)
  if (!database.write(() => deleteBlob(database, name, digest)))
    throw unknown(exchange, name, 'BLOB_UNKNOWN')
  sendEmpty(exchange, 202)
}

function unknown(
  { registry }: Exchange,
  name: string,
  code: 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN',
): Error {
  if (!repositoryExists(registry.database, name))
    return refusal(404, 'NAME_UNKNOWN', 'there is no such repository', { detail: { name } })
  return refusal(404, code, 'the repository does not have it')
}
