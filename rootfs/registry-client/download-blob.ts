import { OperationError } from '../../native/error.ts'
import { explainHttpFailure, isTransientFailure } from './http-failure.ts'
import type { HttpResponse } from './http-transport.ts'
import { unexpectedAnswer } from './registry-error.ts'
import { type Repository, repositoryDetail, sendToRepository } from './repository.ts'
import { type RetryPolicy, defaultRetryPolicy, pauseBefore, sleep } from './retry.ts'

/** Takes the bytes of a blob and can go on in the middle, e.g. a BlobIngest of the store. */
export interface BlobReceiver {
  /** Bytes that are here. */
  readonly size: number
  append(bytes: Uint8Array): void
  restart(): void
}

export interface BlobDownload {
  readonly digest: string
  /** As the manifest declares it; neither more nor less is taken. */
  readonly size: number
  readonly receiver: BlobReceiver
  readonly retry?: RetryPolicy | undefined
  /** Told how many bytes are here. */
  readonly onPosition?: ((bytes: number) => void) | undefined
  readonly onNote?: ((note: string) => void) | undefined
}

/**
 * Bring all bytes of a blob to its receiver, going on where a connection was cut. The receiver
 * compares the digest afterwards.
 *
 * @throws {OperationError} `NOT_FOUND`, `INVALID_IMAGE` where there are more bytes than declared, …
 */
export async function downloadBlob(repository: Repository, download: BlobDownload): Promise<void> {
  const { receiver, size } = download
  const policy = download.retry ?? defaultRetryPolicy
  const state: DownloadState = { etag: undefined, mayResume: true }
  let failures = 0
  if (receiver.size > size) receiver.restart()
  if (size > 0 && receiver.size === size) return
  for (;;) {
    const before = receiver.size
    try {
      await downloadRest(repository, download, state)
      if (receiver.size >= size) return
      throw cutShort(repository, download)
    } catch (error) {
      // Whatever came closer to the end was no failure yet.
      failures = receiver.size > before ? 0 : failures + 1
      const pause = pauseBefore(policy, failures, undefined)
      if (failures >= policy.attempts || pause === undefined || !isWorthRetrying(error)) throw error
      download.onNote?.(
        `${download.digest.slice(0, 19)}: cut off at ${receiver.size} of ${size} bytes; going on`,
      )
      await sleep(pause)
    }
  }
}

interface DownloadState {
  etag: string | undefined
  /** Not where the registry sent another range than it was asked for. */
  mayResume: boolean
}

async function downloadRest(
  repository: Repository,
  download: BlobDownload,
  state: DownloadState,
): Promise<void> {
  const { receiver, digest, size } = download
  if (!state.mayResume) receiver.restart()
  const offset = receiver.size
  const response = await sendToRepository(repository, {
    method: 'GET',
    target: `blobs/${digest}`,
    headers: rangeHeaders(offset, state),
    rights: 'pull',
  })
  if (response.status === 416) {
    response.body.destroy()
    state.mayResume = false
    throw cutShort(repository, download)
  }
  if (response.status !== 200 && response.status !== 206)
    throw await unexpectedAnswer(response, 'download a blob', {
      ...repositoryDetail(repository),
      digest,
    })
  if (response.status === 206 && !isWantedRange(response, offset, size)) {
    response.body.destroy()
    state.mayResume = false
    throw cutShort(repository, download)
  }
  // It sends all of it again, whatever was asked for.
  if (response.status === 200 && offset > 0) receiver.restart()
  state.etag = strongTag(response.header('etag'))
  await receive(response, repository, download)
}

function rangeHeaders(offset: number, { etag }: DownloadState): Record<string, string> {
  if (offset === 0) return {}
  return { range: `bytes=${offset}-`, ...(etag === undefined ? {} : { 'if-range': etag }) }
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

async function receive(
  response: HttpResponse,
  repository: Repository,
  { receiver, size, digest, onPosition }: BlobDownload,
): Promise<void> {
  try {
    for await (const piece of response.body as AsyncIterable<Buffer>) {
      if (receiver.size + piece.length > size)
        throw new OperationError(
          'INVALID_IMAGE',
          'check the size of a blob',
          { ...repositoryDetail(repository), digest, declared: size, reason: 'more bytes came' },
          { hint: 'The registry has damaged content: tell whoever runs it' },
        )
      receiver.append(piece)
      onPosition?.(receiver.size)
    }
  } catch (error) {
    response.body.destroy()
    // A full disk and the like is no fault of the connection.
    if ((error as NodeJS.ErrnoException).syscall === 'write') throw diskFailure(error, digest)
    throw explainHttpFailure(error, response.url)
  }
}

function diskFailure(error: unknown, digest: string): OperationError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException
  return new OperationError(
    'SYSCALL_FAILED',
    'store a blob',
    { digest, errno: code },
    {
      hint: code === 'ENOSPC' ? 'The disk is full: "myimage prune" may help' : undefined,
    },
  )
}

/** Fewer bytes came than the manifest declares, and the connection did not say why. */
class CutShort extends OperationError {}

function cutShort(repository: Repository, { digest, size, receiver }: BlobDownload): CutShort {
  return new CutShort('INVALID_IMAGE', 'download a blob', {
    ...repositoryDetail(repository),
    digest,
    declared: size,
    received: receiver.size,
    reason: 'it ends early',
  })
}

function isWorthRetrying(error: unknown): boolean {
  return error instanceof CutShort || isTransientFailure(error)
}
