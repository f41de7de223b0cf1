import { OperationError } from '../../native/error.ts'
import { isTransientFailure } from './http-failure.ts'
import type { HttpBody, HttpResponse } from './http-transport.ts'
import { discardBody } from './read-body.ts'
import { unexpectedAnswer } from './registry-error.ts'
import { type Repository, repositoryDetail, sendToRepository } from './repository.ts'
import { type RetryPolicy, isTransientStatus, pauseBefore, sleep } from './retry.ts'

export interface BlobUpload {
  readonly digest: string
  readonly size: number
  /** The bytes from an offset on. */
  readonly pieces: (offset: number) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  /** A repository of the same registry that has the blob. */
  readonly mountFrom?: string | undefined
  /** Bytes in one request; absent: all of them, as long as the registry takes that. */
  readonly chunkSize?: number | undefined
  /** Told how many bytes were sent. */
  readonly onPosition?: ((bytes: number) => void) | undefined
  readonly onNote?: ((note: string) => void) | undefined
}

/** How the blob came to be there. */
export type UploadOutcome = 'present' | 'mounted' | 'sent'

/** A registry hashes, and may copy, everything it got before it answers. */
const commitPatienceMs = 600_000
/** Where a registry takes no larger body. */
const fallbackChunkSize = 16 * 1024 * 1024

/**
 * See that a repository has a blob: because it is there, by a mount, or by sending it.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 */
export async function uploadBlob(
  repository: Repository,
  upload: BlobUpload,
): Promise<UploadOutcome> {
  if (await hasRemoteBlob(repository, upload.digest)) return 'present'
  const policy = repository.client.retry
  let session: Session | undefined
  let chunkSize = upload.chunkSize
  for (let failures = 0; ;) {
    const before = session?.offset ?? 0
    try {
      session ??= await beginUpload(repository, upload, failures === 0)
      if (session === undefined) return 'mounted'
      await sendRest(repository, upload, session, chunkSize)
      return 'sent'
    } catch (error) {
      const isTooLarge = hasStatus(error, 413) && chunkSize === undefined
      // The cut request may still have been at work when the registry was asked how far it came.
      const isMuddled = hasStatus(error, 400) && session?.isResumed === true
      const resumed = session && !isMuddled ? await resume(repository, session) : undefined
      failures = (resumed?.offset ?? 0) > before ? 0 : failures + 1
      if (isTooLarge) chunkSize = fallbackChunkSize
      else if (failures >= policy.attempts || !(isMuddled || isWorthRetrying(error))) throw error
      else await pauseAfter(policy, failures, error, upload)
      session = resumed
    }
  }
}

async function pauseAfter(
  policy: RetryPolicy,
  failures: number,
  error: unknown,
  { digest, onNote }: BlobUpload,
): Promise<void> {
  const asked = error instanceof UploadRefused ? error.retryAfter : undefined
  const pause = pauseBefore(policy, failures, asked)
  if (pause === undefined) throw error
  const reason = error instanceof Error ? error.message : String(error)
  onNote?.(`${digest.slice(0, 19)}: ${reason}; again in ${(pause / 1000).toFixed(1)} s`)
  await sleep(pause)
}

/** Whether the repository has the blob. Who may only write is told no. */
export async function hasRemoteBlob(repository: Repository, digest: string): Promise<boolean> {
  const response = await sendToRepository(repository, {
    method: 'HEAD',
    target: `blobs/${digest}`,
    rights: 'pull,push',
  })
  response.body.destroy()
  return response.status === 200
}

interface Session {
  /** Where the next request goes; the registry may name another place each time. */
  location: URL
  /** Bytes that the registry has. */
  offset: number
  minimumChunk: number
  readonly isResumed: boolean
}

/** @returns undefined where the blob was mounted */
async function beginUpload(
  repository: Repository,
  { digest, mountFrom }: BlobUpload,
  mayMount: boolean,
): Promise<Session | undefined> {
  const mount = mayMount ? mountFrom : undefined
  if (mount !== undefined) {
    const response = await sendToRepository(repository, {
      method: 'POST',
      target: `blobs/uploads/?mount=${digest}&from=${encodeURIComponent(mount)}`,
      rights: 'pull,push',
      alsoPull: [mount],
    })
    await discardBody(response)
    if (response.status === 201) return undefined
    if (response.status === 202) return newSession(response)
    // The other repository may be gone, or not be ours: a plain upload still works.
  }
  const response = await sendToRepository(repository, {
    method: 'POST',
    target: 'blobs/uploads/',
    rights: 'pull,push',
  })
  if (response.status !== 202)
    throw await unexpectedAnswer(response, 'begin an upload', repositoryDetail(repository))
  await discardBody(response)
  return newSession(response)
}

function newSession(response: HttpResponse): Session {
  const minimum = Number(response.header('oci-chunk-min-length') ?? 0)
  return {
    location: locationOf(response),
    offset: 0,
    isResumed: false,
    minimumChunk: Number.isSafeInteger(minimum) ? minimum : 0,
  }
}

function locationOf(response: HttpResponse): URL {
  const location = URL.parse(response.header('location') ?? '', response.url)
  if (location?.protocol === 'https:' || location?.protocol === 'http:') return location
  throw new OperationError('PROTOCOL', 'upload a blob', {
    host: response.url.host,
    reason: 'the registry does not say where to',
  })
}

/** In one request where nothing was sent yet and no chunks are wanted, else chunk by chunk. */
async function sendRest(
  repository: Repository,
  upload: BlobUpload,
  session: Session,
  chunkSize: number | undefined,
): Promise<void> {
  if (session.offset === 0 && chunkSize === undefined) {
    const body = bodyOf(upload, 0, upload.size)
    return finish(repository, upload, session, body)
  }
  const step = Math.max(chunkSize ?? upload.size, session.minimumChunk, 1)
  while (session.offset < upload.size) {
    const end = Math.min(session.offset + step, upload.size)
    await sendChunk(repository, upload, session, end)
  }
  return finish(repository, upload, session, undefined)
}

async function sendChunk(
  repository: Repository,
  upload: BlobUpload,
  session: Session,
  end: number,
): Promise<void> {
  const response = await sendToRepository(repository, {
    method: 'PATCH',
    target: session.location,
    headers: {
      'content-type': 'application/octet-stream',
      'content-range': `${session.offset}-${end - 1}`,
    },
    body: bodyOf(upload, session.offset, end),
    rights: 'pull,push',
    isRepeatable: false,
    stallMs: commitPatienceMs,
  })
  if (response.status !== 202 && response.status !== 204)
    throw await refused(response, repository, upload)
  await discardBody(response)
  session.location = locationOf(response)
  session.offset = receivedBytes(response) ?? end
}

async function finish(
  repository: Repository,
  upload: BlobUpload,
  session: Session,
  body: HttpBody | undefined,
): Promise<void> {
  const target = new URL(session.location)
  target.searchParams.set('digest', upload.digest)
  const response = await sendToRepository(repository, {
    method: 'PUT',
    target,
    headers: { 'content-type': 'application/octet-stream' },
    body,
    rights: 'pull,push',
    isRepeatable: false,
    stallMs: commitPatienceMs,
  })
  if (response.status !== 201 && response.status !== 204)
    throw await refused(response, repository, upload)
  await discardBody(response)
  const stored = response.header('docker-content-digest')
  if (stored !== undefined && stored !== upload.digest)
    throw new OperationError('PROTOCOL', 'upload a blob', {
      ...repositoryDetail(repository),
      digest: upload.digest,
      stored,
      reason: 'the registry stored something else',
    })
}

function bodyOf(upload: BlobUpload, from: number, to: number): HttpBody {
  return { size: to - from, pieces: () => limited(upload, from, to) }
}

async function* limited(
  { pieces, onPosition, digest }: BlobUpload,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  let at = from
  for await (const piece of pieces(from)) {
    const part = piece.length > to - at ? piece.subarray(0, to - at) : piece
    yield part
    at += part.length
    onPosition?.(at)
    if (at >= to) return
  }
  if (at < to)
    throw new OperationError('INVALID_IMAGE', 'read a blob', {
      digest,
      expected: to,
      actual: at,
      reason: 'it is shorter than its manifest says',
    })
}

/** Ask how far an interrupted upload came. @returns undefined where it has to begin again */
async function resume(repository: Repository, session: Session): Promise<Session | undefined> {
  try {
    const response = await sendToRepository(repository, {
      method: 'GET',
      target: session.location,
      rights: 'pull,push',
    })
    await discardBody(response)
    if (response.status !== 204 && response.status !== 202) return undefined
    const offset = receivedBytes(response)
    if (offset === undefined) return undefined
    return { ...session, location: locationOf(response), offset, isResumed: true }
  } catch {
    // The error that led here is the one to report.
    return undefined
  }
}

/** From `Range: 0-99`: 100 bytes. An upload without any is told as 0-0 too; nobody can tell it from one byte. */
function receivedBytes(response: HttpResponse): number | undefined {
  const found = /^(?:bytes=)?0-(\d+)$/.exec(response.header('range') ?? '')
  if (!found) return undefined
  const last = Number(found[1])
  return last === 0 ? undefined : last + 1
}

/** An answer to an upload that is none; keeps what decides how to go on. */
class UploadRefused extends OperationError {
  readonly status: number
  readonly retryAfter: string | undefined

  constructor(error: OperationError, response: HttpResponse) {
    super(error.code, error.step, error.detail, { hint: error.hint })
    this.status = response.status
    this.retryAfter = response.header('retry-after')
  }
}

async function refused(
  response: HttpResponse,
  repository: Repository,
  { digest }: BlobUpload,
): Promise<UploadRefused> {
  const detail = { ...repositoryDetail(repository), digest }
  return new UploadRefused(await unexpectedAnswer(response, 'upload a blob', detail), response)
}

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof UploadRefused && error.status === status
}

/** A session that the registry forgot is begun anew. */
function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof UploadRefused)) return isTransientFailure(error)
  return isTransientStatus(error.status) || error.status === 404 || error.status === 416
}
