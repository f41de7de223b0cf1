import { digestOf } from '../digest.ts'
import { commitBytes } from './commit-content.ts'
import { mayReplace } from './entity-tag.ts'
import { type Exchange, sendEmpty } from './exchange.ts'
import { findByReference } from './find-content.ts'
import { manifestHeaders } from './locations.ts'
import { type ManifestDocument, type Target, readManifest } from './manifest-document.ts'
import { bareMediaType } from './media-types.ts'
import { algorithmOf, isTag, requireDigest } from './names.ts'
import { requireWithinQuota } from './quota.ts'
import type { Registry } from './registry.ts'
import { type ErrorEntry, RegistryError, refusal } from './registry-error.ts'
import { bodyOf } from './request-body.ts'
import { findBlob, findManifest, putManifest } from './repository-table.ts'
import { putTag } from './tag-table.ts'

/** The specification wants at least this much accepted, and a limit. */
export const maxManifestSize = 4 * 1024 * 1024
const maxTags = 100

/** `PUT /v2/<name>/manifests/<reference>`. */
export async function storeManifest(
  exchange: Exchange,
  name: string,
  reference: string,
): Promise<void> {
  const { registry, request } = exchange
  const tags = readTags(exchange, reference)
  const wanted = isTag(reference) ? undefined : requireDigest(reference)
  const bytes = await readDocument(exchange)
  const digest = digestOf(bytes, wanted === undefined ? 'sha256' : algorithmOf(wanted))
  if (wanted !== undefined && digest !== wanted)
    throw refusal(400, 'DIGEST_INVALID', 'the manifest has another digest', {
      detail: { expected: wanted, actual: digest },
    })
  const type = request.headers['content-type']
  const document = readManifest(bytes, type === undefined ? undefined : bareMediaType(type))
  const { subject } = document
  await commitBytes(registry, bytes, ({ content, size }) =>
    registry.database.write(() => {
      if (!mayReplace(request, findByReference(registry, name, reference)?.digest))
        throw refusal(412, 'DENIED', 'the reference points at another manifest by now')
      requireTargets(registry, name, document)
      const used = Date.now()
      const row = { ...document, digest, content, size, used }
      const targets = [...document.blobs, ...document.manifests].map((target) => target.digest)
      putManifest(registry.database, name, row, targets)
      for (const tag of tags) putTag(registry.database, name, tag, digest, used)
      requireWithinQuota(registry, name)
    }),
  )
  sendEmpty(exchange, 201, {
    ...manifestHeaders(name, digest),
    ...(subject === undefined ? {} : { 'OCI-Subject': subject }),
    ...(wanted === undefined || tags.length === 0 ? {} : { 'OCI-Tag': tags.join(', ') }),
  })
}

/** Tags to set: the one in the path, or those that accompany a digest. */
function readTags({ query }: Exchange, reference: string): string[] {
  if (!reference.includes(':') && !isTag(reference))
    throw refusal(
      400,
      'MANIFEST_INVALID',
      'a tag has at most 128 letters, digits, "_", "." and "-"',
    )
  const tags = isTag(reference) ? [reference] : query.getAll('tag')
  if (tags.length > maxTags)
    throw refusal(414, 'MANIFEST_INVALID', `at most ${maxTags} tags can be set at once`)
  for (const tag of tags)
    if (!isTag(tag)) throw refusal(400, 'MANIFEST_INVALID', 'one of the tags is malformed')
  return [...new Set(tags)]
}

async function readDocument(exchange: Exchange): Promise<Buffer> {
  const tooLarge = (): Error =>
    refusal(413, 'MANIFEST_INVALID', `a manifest has at most ${maxManifestSize} bytes`)
  if (Number(exchange.request.headers['content-length'] ?? 0) > maxManifestSize) throw tooLarge()
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of bodyOf(exchange)) {
    size += piece.length
    if (size > maxManifestSize) throw tooLarge()
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** @throws {RegistryError} `MANIFEST_BLOB_UNKNOWN` with an entry for each that is missing */
function requireTargets(registry: Registry, name: string, document: ManifestDocument): void {
  const { database } = registry
  const missing: ErrorEntry[] = []
  const check = (target: Target, size: number | undefined): void => {
    const { digest } = target
    if (size === undefined)
      missing.push({
        code: 'MANIFEST_BLOB_UNKNOWN',
        message: 'the repository lacks content that the manifest refers to',
        detail: { digest },
      })
    else if (size !== target.size)
      throw refusal(400, 'MANIFEST_INVALID', 'a descriptor has the wrong size', {
        detail: { digest, expected: size, actual: target.size },
      })
  }
  for (const blob of document.blobs) check(blob, findBlob(database, name, blob.digest)?.size)
  for (const manifest of document.manifests)
    check(manifest, findManifest(database, name, manifest.digest)?.size)
  if (missing.length > 0) throw new RegistryError(400, missing.slice(0, 100))
}
