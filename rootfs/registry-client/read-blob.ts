import { OperationError } from '../../native/error.ts'
import { explainHttpFailure, isTransientFailure } from './http-failure.ts'
import type { HttpResponse } from './http-transport.ts'
import { unexpectedAnswer } from './registry-error.ts'
import { type Repository, repositoryDetail, sendToRepository } from './repository.ts'
import { pauseBefore, sleep } from './retry.ts'

export interface RemoteBlob {
  readonly digest: string
  /** As the manifest declares it; neither more nor less comes. */
  readonly size: number
  /** First byte that is wanted. */
  readonly offset?: number | undefined
  /** Where else it may lie: layers that may not be distributed name places of their owner. */
  readonly urls?: readonly string[] | undefined
  readonly onNote?: ((note: string) => void) | undefined
}

/**
 * The bytes of a blob from an offset to its end, over as many connections as it takes. Who takes
 * them compares the digest at the end: only then they are believed.
 *
 * @throws {OperationError} `NOT_FOUND`; `INVALID_IMAGE` for more or fewer bytes than declared; …
 */
export async function* readRemoteBlob(
  repository: Repository,
  blob: RemoteBlob,
): AsyncGenerator<Buffer> {
  const { size, onNote, digest } = blob
  const policy = repository.client.retry
  const state: ReadState = { at: blob.offset ?? 0, etag: undefined, useRange: true }
  if (size > 0 && state.at >= size) return
  for (let failures = 0; ;) {
    const before = state.at
    try {
      yield* readOnce(repository, blob, state)
      if (state.at >= size) return
      throw cutShort(repository, blob, state.at)
    } catch (error) {
      // Whatever came closer to the end was no failure yet.
      failures = state.at > before ? 0 : failures + 1
      const pause = pauseBefore(policy, failures, undefined)
      if (failures >= policy.attempts || pause === undefined || !isWorthRetrying(error)) throw error
      onNote?.(`${digest.slice(0, 19)}: cut off at ${state.at} of ${size} bytes; going on`)
      await sleep(pause)
    }
  }
}

interface ReadState {
  /** Bytes that were given on, or that the taker had before. */
  at: number
  etag: string | undefined
  /** Not where the registry sent another range than it was asked for. */
  useRange: boolean
}

async function* readOnce(
  repository: Repository,
  blob: RemoteBlob,
  state: ReadState,
): AsyncGenerator<Buffer> {
  const response = await openBlob(repository, blob, state)
  state.etag = strongTag(response.header('etag'))
  // With 200 it sends all of it, whatever was asked for.
  let position = response.status === 206 ? state.at : 0
  try {
    for await (const piece of response.body as AsyncIterable<Buffer>) {
      if (position + piece.length > blob.size) throw tooMuch(repository, blob)
      const known = Math.min(Math.max(state.at - position, 0), piece.length)
      position += piece.length
      if (known === piece.length) continue
      state.at = position
      yield known === 0 ? piece : piece.subarray(known)
    }
  } catch (error) {
    throw explainHttpFailure(error, response.url)
  } finally {
    response.body.destroy()
  }
}

async function openBlob(
  repository: Repository,
  blob: RemoteBlob,
  state: ReadState,
): Promise<HttpResponse> {
  const { digest, urls = [] } = blob
  const headers = rangeHeaders(state)
  const ask = (target: string | URL): Promise<HttpResponse> =>
    sendToRepository(repository, { method: 'GET', target, headers, rights: 'pull' })
  let response = await ask(`blobs/${digest}`)
  for (const url of urls) {
    if (response.status !== 404 || !URL.canParse(url)) break
    response.body.destroy()
    response = await ask(new URL(url))
  }
  const { status } = response
  if (status === 200 || (status === 206 && isWantedRange(response, state.at, blob.size)))
    return response
  if (status === 206 || status === 416) {
    response.body.destroy()
    state.useRange = false
    throw cutShort(repository, blob, state.at)
  }
  const detail = { ...repositoryDetail(repository), digest }
  throw await unexpectedAnswer(response, 'download a blob', detail)
}

function rangeHeaders({ at, etag, useRange }: ReadState): Record<string, string> {
  if (at === 0 || !useRange) return {}
  return { range: `bytes=${at}-`, ...(etag === undefined ? {} : { 'if-range': etag }) }
}

function strongTag(etag: string | undefined): string | undefined {
  return etag?.startsWith('"') ? etag : undefined
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-14.4 */
function isWantedRange(response: HttpResponse, offset: number, size: number): boolean {
  const found = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.header('content-range') ?? '')
  if (!found) return false
  const [, first, , total] = found
  return Number(first) === offset && (total === '*' || Number(total) === size)
}

function tooMuch(repository: Repository, { digest, size }: RemoteBlob): OperationError {
  return new OperationError(
    'INVALID_IMAGE',
    'check the size of a blob',
    { ...repositoryDetail(repository), digest, declared: size, reason: 'more bytes came' },
    { hint: 'The registry has damaged content: tell whoever runs it' },
  )
}

/** Fewer bytes came than the manifest declares, and the connection did not say why. */
class CutShort extends OperationError {}

function cutShort(
  repository: Repository,
  { digest, size }: RemoteBlob,
  received: number,
): CutShort {
  return new CutShort('INVALID_IMAGE', 'download a blob', {
    ...repositoryDetail(repository),
    digest,
    declared: size,
    received,
    reason: 'it ends early',
  })
}

function isWorthRetrying(error: unknown): boolean {
  return error instanceof CutShort || isTransientFailure(error)
}
