import { OperationError } from '../../native/error.ts'
import { isDigest } from '../reference.ts'
import { digestOf, requireDigest } from '../digest.ts'
import type { HttpResponse } from './http-transport.ts'
import { acceptedManifests, isSchema1, manifestTypes } from './manifest-types.ts'
import { nearestNames } from './nearest-names.ts'
import { discardBody, readBody } from './read-body.ts'
import { answerError, registryErrorCodes, unexpectedAnswer } from './registry-error.ts'
import { type Repository, repositoryDetail, sendToRepository } from './repository.ts'
import { listTags } from './tags.ts'

/** A manifest or an index, byte for byte as it is stored. */
export interface RawManifest {
  readonly content: Buffer
  readonly mediaType: string
  readonly digest: string
}

/** As the distribution specification has it, and every registry. */
export const maxManifest = 4 * 1024 * 1024
const maxErrorBody = 64 * 1024

/**
 * @param reference a tag or a digest; what comes for a digest has that digest
 * @throws {OperationError} `NOT_FOUND` with the nearest tags; `UNSUPPORTED` for schema 1; `INVALID_IMAGE`
 */
export async function getManifest(repository: Repository, reference: string): Promise<RawManifest> {
  const response = await sendToRepository(repository, {
    method: 'GET',
    target: `manifests/${reference}`,
    headers: { accept: acceptedManifests },
    rights: 'pull',
  })
  if (response.status !== 200) throw await notThere(response, repository, reference)
  const content = await readBody(response, maxManifest, 'a manifest')
  if (isDigest(reference)) requireDigest(content, reference, 'a manifest')
  const declared = response.header('docker-content-digest')
  // A proxy that cuts a body off at a round length is found out here.
  if (declared !== undefined && isDigest(declared)) requireDigest(content, declared, 'a manifest')
  return {
    content,
    mediaType: mediaTypeOf(content, response, repository, reference),
    digest: isDigest(reference) ? reference : digestOf(content),
  }
}

/** Digest of what a tag points at; undefined where it does not exist or the registry does not tell. */
export async function headManifest(
  repository: Repository,
  reference: string,
): Promise<string | undefined> {
  const response = await sendToRepository(repository, {
    method: 'HEAD',
    target: `manifests/${reference}`,
    headers: { accept: acceptedManifests },
    rights: 'pull',
  })
  response.body.destroy()
  if (response.status === 401 || response.status === 403 || response.status >= 500)
    throw await unexpectedAnswer(response, 'look for an image', repositoryDetail(repository))
  const digest = response.header('docker-content-digest')
  return response.status === 200 && digest !== undefined && isDigest(digest) ? digest : undefined
}

/**
 * @param reference a tag or the manifest's digest
 * @returns whether the registry knows its referrers by itself, where it has a subject
 */
export async function putManifest(
  repository: Repository,
  reference: string,
  { content, mediaType, digest }: RawManifest,
): Promise<{ readonly subjectNoted: boolean }> {
  const response = await sendToRepository(repository, {
    method: 'PUT',
    target: `manifests/${reference}`,
    headers: { 'content-type': mediaType },
    body: { size: content.length, pieces: () => [content] },
    rights: 'pull,push',
  })
  const detail = { ...repositoryDetail(repository), reference }
  if (response.status !== 201 && response.status !== 200 && response.status !== 202)
    throw await unexpectedAnswer(response, 'push a manifest', detail)
  await discardBody(response)
  const stored = response.header('docker-content-digest')
  if (stored !== undefined && stored !== digest && !digest.startsWith('sha512:'))
    throw new OperationError('PROTOCOL', 'push a manifest', {
      ...detail,
      sent: digest,
      stored,
      reason: 'the registry stored something else',
    })
  return { subjectNoted: response.header('oci-subject') !== undefined }
}

/** What the document says of itself must be what the registry says: one of both would be read wrongly. */
function mediaTypeOf(
  content: Buffer,
  response: HttpResponse,
  repository: Repository,
  reference: string,
): string {
  const detail = { ...repositoryDetail(repository), reference }
  const told = (response.header('content-type') ?? '').split(';')[0]?.trim() ?? ''
  const document = parseObject(content, detail)
  const own = document['mediaType']
  if (isSchema1(told) || document['schemaVersion'] === 1)
    throw new OperationError(
      'UNSUPPORTED',
      'read a manifest',
      { ...detail, mediaType: told },
      {
        hint: 'It is in the schema 1 format, given up in 2017: push the image again with a newer tool',
      },
    )
  // Both may be silent: OCI made the field optional, and some servers call all of it JSON.
  if (typeof own !== 'string')
    return told.startsWith('application/vnd.') ? told : typeByShape(document)
  if (told === own || told === '' || !told.startsWith('application/vnd.')) return own
  throw new OperationError('INVALID_IMAGE', 'read a manifest', {
    ...detail,
    contentType: told.slice(0, 100),
    mediaType: own.slice(0, 100),
    reason: 'the registry and the manifest disagree about what it is',
  })
}

export function parseObject(
  content: Buffer,
  detail: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(content.toString())) as Record<string, unknown>
  } catch (cause) {
    const reason = 'it is no JSON'
    throw new OperationError('INVALID_IMAGE', 'read a manifest', { ...detail, reason }, { cause })
  }
}

/** What a document is that does not say it. */
export function typeByShape(document: Readonly<Record<string, unknown>>): string {
  return 'manifests' in document ? manifestTypes.ociIndex : manifestTypes.ociManifest
}

async function notThere(
  response: HttpResponse,
  repository: Repository,
  reference: string,
): Promise<OperationError> {
  const text = await readBody(response, maxErrorBody, 'an error').then(String, () => '')
  const detail = { ...repositoryDetail(repository), reference }
  const step = 'get a manifest'
  const failure = answerError(response, text, step, detail)
  if (response.status !== 404) return failure
  if (registryErrorCodes(text).includes('NAME_UNKNOWN'))
    return new OperationError('NOT_FOUND', step, detail, { hint: 'No such repository there' })
  if (isDigest(reference)) return failure
  const tags = await listTags(repository, 1000).catch(() => [])
  const near = nearestNames(reference, tags, 5)
  if (near.length === 0) return failure
  return new OperationError('NOT_FOUND', step, detail, {
    hint: `No such tag there; the nearest are: ${near.join(', ')}`,
  })
}
