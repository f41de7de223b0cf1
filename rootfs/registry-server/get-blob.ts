import { type FileHandle, open } from 'node:fs/promises'
import { isSystemError } from '../../native/system-error.ts'
import { blobPath } from '../store/store-folders.ts'
import { type ByteRange, readRange } from './byte-range.ts'
import { entityTag, isUnchanged } from './entity-tag.ts'
import { type Exchange, sendEmpty, sendStatus } from './exchange.ts'
import { requireBlob } from './find-content.ts'
import { requireDigest } from './names.ts'
import { refusal } from './registry-error.ts'
import { type BlobRow, touchBlob } from './repository-table.ts'
import { sendFile } from './send-file.ts'

/** `GET` and `HEAD` of `/v2/<name>/blobs/<digest>`. */
export async function getBlob(exchange: Exchange, name: string, digest: string): Promise<void> {
  const { registry, request } = exchange
  const blob = requireBlob(registry, name, requireDigest(digest))
  const headers = {
    'Docker-Content-Digest': digest,
    ETag: entityTag(digest),
    'Cache-Control': 'max-age=31536000',
    'Accept-Ranges': 'bytes',
  }
  if (isUnchanged(request, digest)) {
    sendStatus(exchange, 304, headers)
    return
  }
  const file = await openBlob(exchange, blob)
  try {
    if (request.method === 'HEAD') {
      renewLease(exchange, name, blob)
      sendEmpty(exchange, 200, { ...headers, ...contentHeaders(blob.size) })
    } else await sendContent(exchange, file, blob.size, headers)
  } finally {
    await file.close()
  }
}

function contentHeaders(length: number): Record<string, string | number> {
  return { 'Content-Type': 'application/octet-stream', 'Content-Length': length }
}

async function openBlob({ registry }: Exchange, blob: BlobRow): Promise<FileHandle> {
  const unknown = (): Error =>
    refusal(404, 'BLOB_UNKNOWN', 'the content is missing in the store', {
      detail: { digest: blob.digest },
    })
  let file: FileHandle
  try {
    file = await open(blobPath(registry.store.folders, blob.content), 'r')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) throw unknown()
    throw error
  }
  if ((await file.stat()).size === blob.size) return file
  await file.close()
  throw unknown()
}

/** A client that finds the blob here will push a manifest that needs it. */
function renewLease({ registry }: Exchange, name: string, blob: BlobRow): void {
  const { settings, database } = registry
  const now = Date.now()
  if (settings.readOnly || now - blob.used < settings.blobGraceMs / 4) return
  touchBlob(database, name, blob.digest, now)
}

async function sendContent(
  exchange: Exchange,
  file: FileHandle,
  size: number,
  headers: Record<string, string>,
): Promise<void> {
  const { request, response } = exchange
  const range = isRangeCurrent(exchange, headers['ETag']) ? request.headers.range : undefined
  const part = readRange(range, size)
  if (part === 'unsatisfiable') {
    sendEmpty(exchange, 416, { 'Content-Range': `bytes */${size}` })
    return
  }
  const whole: ByteRange = part ?? { start: 0, end: size - 1 }
  const length = whole.end - whole.start + 1
  response.writeHead(part ? 206 : 200, {
    ...headers,
    ...contentHeaders(length),
    ...(part && { 'Content-Range': `bytes ${part.start}-${part.end}/${size}` }),
  })
  if (length === 0) response.end()
  else await sendFile(file, whole, response)
}

/** `If-Range`: a part is of no use to a client whose other parts are of something else. */
function isRangeCurrent({ request }: Exchange, tag: string | undefined): boolean {
  const condition = request.headers['if-range']
  return condition === undefined || condition === tag
}
