import { readFile } from 'node:fs/promises'
import { isSystemError } from '../../native/system-error.ts'
import { blobPath } from '../store/store-folders.ts'
import { entityTag, isUnchanged } from './entity-tag.ts'
import { type Exchange, sendStatus, sendText } from './exchange.ts'
import { requireManifest } from './find-content.ts'
import { accepts } from './media-types.ts'
import { requireDigest } from './names.ts'
import type { Registry } from './registry.ts'
import { refusal } from './registry-error.ts'
import { type ManifestRow, touchManifest } from './repository-table.ts'

/** `GET` and `HEAD` of `/v2/<name>/manifests/<reference>`. */
export async function getManifest(
  exchange: Exchange,
  name: string,
  reference: string,
): Promise<void> {
  const { registry, request } = exchange
  if (reference.includes(':')) requireDigest(reference)
  const manifest = requireManifest(registry, name, reference)
  const { digest, mediaType } = manifest
  const headers = {
    'Docker-Content-Digest': digest,
    ETag: entityTag(digest),
    Vary: 'Accept',
  }
  requireAccepted(request.headers.accept, mediaType)
  renewLease(registry, name, manifest)
  if (isUnchanged(request, digest)) sendStatus(exchange, 304, headers)
  else
    sendText(exchange, await readContent(registry, manifest), {
      ...headers,
      'Content-Type': mediaType,
    })
}

/** Who finds it here may push an index that lists it. */
function renewLease({ settings, database }: Registry, name: string, manifest: ManifestRow): void {
  const { readOnly, untaggedLifetimeMs } = settings
  const now = Date.now()
  if (readOnly || untaggedLifetimeMs === undefined) return
  if (now - manifest.used >= untaggedLifetimeMs / 4)
    touchManifest(database, name, manifest.digest, now)
}

/** A client that reads only older types gets the answer that it knows from older registries. */
function requireAccepted(accept: string | undefined, mediaType: string): void {
  if (accepts(accept, mediaType)) return
  throw refusal(404, 'MANIFEST_UNKNOWN', `it is ${mediaType}, which the request does not accept`, {
    detail: { mediaType },
  })
}

async function readContent(registry: Registry, manifest: ManifestRow): Promise<Buffer> {
  const unknown = (): Error =>
    refusal(404, 'MANIFEST_UNKNOWN', 'the content is missing in the store', {
      detail: { digest: manifest.digest },
    })
  try {
    const bytes = await readFile(blobPath(registry.store.folders, manifest.content))
    if (bytes.length === manifest.size) return bytes
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
  throw unknown()
}
