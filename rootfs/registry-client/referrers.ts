import { hasCode } from '../../native/error.ts'
import { type ContentDescriptor, readImageDocument } from './image-document.ts'
import { manifestTypes } from './manifest-types.ts'
import { getManifest, maxManifest, putManifest } from './manifests.ts'
import { digestOf } from '../digest.ts'
import { readBody } from './read-body.ts'
import { unexpectedAnswer } from './registry-error.ts'
import { type Repository, repositoryDetail, sendToRepository } from './repository.ts'
import { nextPage } from './tags.ts'

const maxPages = 100

/** Tag that lists referrers where a registry does not know them by itself. */
function referrersTag(digest: string): string {
  return digest.replace(':', '-').slice(0, 128)
}

/**
 * Manifests whose subject is the one with this digest.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 */
export async function listReferrers(
  repository: Repository,
  digest: string,
): Promise<ContentDescriptor[]> {
  const found: ContentDescriptor[] = []
  let target: string | URL = `referrers/${digest}`
  for (let page = 0; page < maxPages; page += 1) {
    const response = await sendToRepository(repository, {
      method: 'GET',
      target,
      headers: { accept: manifestTypes.ociIndex },
      rights: 'pull',
    })
    if (response.status === 404 && page === 0) {
      response.body.destroy()
      return taggedReferrers(repository, digest)
    }
    if (response.status !== 200)
      throw await unexpectedAnswer(response, 'list referrers', repositoryDetail(repository))
    const content = await readBody(response, maxManifest, 'a list of referrers')
    const document = readImageDocument(content, manifestTypes.ociIndex)
    if (document.kind === 'index') found.push(...document.manifests)
    const next = nextPage(response.header('link'), response.url)
    if (!next) return found
    target = next
  }
  return found
}

async function taggedReferrers(
  repository: Repository,
  digest: string,
): Promise<ContentDescriptor[]> {
  const index = await readReferrersIndex(repository, digest)
  if (!index) return []
  const document = readImageDocument(index, manifestTypes.ociIndex)
  return document.kind === 'index' ? [...document.manifests] : []
}

async function readReferrersIndex(
  repository: Repository,
  digest: string,
): Promise<Buffer | undefined> {
  try {
    return (await getManifest(repository, referrersTag(digest))).content
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

/** Enter a manifest into the list that stands for what the registry cannot tell by itself. */
export async function noteReferrer(
  repository: Repository,
  subject: string,
  descriptor: Readonly<Record<string, unknown>> & { readonly digest: string },
): Promise<void> {
  const known = await readReferrersIndex(repository, subject)
  const document = (
    known ? JSON.parse(known.toString()) : { schemaVersion: 2, mediaType: manifestTypes.ociIndex }
  ) as Record<string, unknown>
  const before = Array.isArray(document['manifests'])
    ? (document['manifests'] as { digest?: unknown }[])
    : []
  if (before.some(({ digest }) => digest === descriptor.digest)) return
  const index = { ...document, manifests: [...before, descriptor] }
  const content = Buffer.from(JSON.stringify(index))
  const mediaType = manifestTypes.ociIndex
  const raw = { content, mediaType, digest: digestOf(content) }
  await putManifest(repository, referrersTag(subject), raw)
}
