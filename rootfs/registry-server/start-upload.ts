import { existsSync } from 'node:fs'
import { blobPath } from '../store/store-folders.ts'
import { type Exchange, sendEmpty } from './exchange.ts'
import { findBlobOf } from './find-content.ts'
import { blobHeaders, uploadHeaders } from './locations.ts'
import { isRepositoryName, requireDigest } from './names.ts'
import { requireWithinQuota } from './quota.ts'
import { refusal } from './registry-error.ts'
import { type BlobRow, putBlob, repositoriesWithBlob } from './repository-table.ts'
import { finishUpload } from './write-upload.ts'

/** `POST /v2/<name>/blobs/uploads/`: a mount, a whole blob in one request, or a new upload. */
export async function startUpload(exchange: Exchange, name: string): Promise<void> {
  const { query, registry } = exchange
  const mount = query.get('mount')
  if (mount !== null && mountBlob(exchange, name, requireDigest(mount))) return
  const digest = mount === null ? query.get('digest') : null
  if (digest !== null) requireDigest(digest)
  requireKnownAlgorithm(query.get('digest-algorithm'))
  const id = registry.uploads.start(name)
  if (digest === null) {
    sendEmpty(exchange, 202, uploadHeaders(name, id, 0))
    return
  }
  try {
    await finishUpload(exchange, name, id)
  } catch (error) {
    // Nobody knows the id, so nobody could go on.
    await registry.uploads.cancel(name, id).catch(() => undefined)
    throw error
  }
}

function requireKnownAlgorithm(algorithm: string | null): void {
  if (algorithm === null || algorithm === 'sha256' || algorithm === 'sha512') return
  throw refusal(400, 'DIGEST_INVALID', 'digests are sha256 or sha512')
}

/** Enter a blob of another repository here too; only of one that the client could pull it from. */
function mountBlob(exchange: Exchange, name: string, digest: string): boolean {
  const { registry } = exchange
  // Found and entered in one transaction: nobody can drop it in between.
  const isMounted = registry.database.write(() => {
    const blob = findMountable(exchange, digest)
    if (!blob) return false
    putBlob(registry.database, name, { ...blob, used: Date.now() })
    requireWithinQuota(registry, name)
    return true
  })
  if (!isMounted) return false
  sendEmpty(exchange, 201, blobHeaders(name, digest))
  return true
}

function findMountable({ registry, client, query }: Exchange, digest: string): BlobRow | undefined {
  const from = query.get('from')
  const candidates = from === null ? repositoriesWithBlob(registry.database, digest) : [from]
  for (const repository of candidates) {
    if (!isRepositoryName(repository) || !client.may('pull', repository)) continue
    const blob = findBlobOf(registry, repository, digest)
    if (blob && existsSync(blobPath(registry.store.folders, blob.content))) return blob
  }
  return undefined
}
