import type { IncomingHttpHeaders } from 'node:http'
import { type ByteRange, readContentRange } from './byte-range.ts'
import { type StoredContent, commitUpload } from './commit-content.ts'
import { isConnectionEnd } from './connection-end.ts'
import { type Exchange, sendEmpty, sendStatus } from './exchange.ts'
import { blobHeaders, uploadHeaders } from './locations.ts'
import { requireDigest } from './names.ts'
import { overQuota, requireWithinQuota, roomFor } from './quota.ts'
import { appendBody } from './receive-body.ts'
import { refusal } from './registry-error.ts'
import { bodyOf } from './request-body.ts'
import { putBlob } from './repository-table.ts'
import type { OpenUpload } from './upload-files.ts'

/** `PATCH` of an upload: the next bytes, in a chunk that says where it belongs or in a stream. */
export async function patchUpload(exchange: Exchange, name: string, id: string): Promise<void> {
  const upload = await openUpload(exchange, name, id)
  try {
    await receive(exchange, name, id, upload)
    sendEmpty(exchange, 202, uploadHeaders(name, id, upload.size))
  } finally {
    await upload.close()
  }
}

/** `PUT` of an upload: the last bytes, if any, and the digest of all of them. */
export async function finishUpload(exchange: Exchange, name: string, id: string): Promise<void> {
  const digest = requireDigest(exchange.query.get('digest'))
  const { registry } = exchange
  const upload = await openUpload(exchange, name, id)
  try {
    await receive(exchange, name, id, upload)
    const enter = (stored: StoredContent): void =>
      registry.database.write(() => {
        putBlob(registry.database, name, { ...stored, digest, used: Date.now() })
        requireWithinQuota(registry, name)
      })
    await inSilence(exchange, () => commitUpload(registry.store, upload, digest, enter))
    sendEmpty(exchange, 201, blobHeaders(name, digest))
  } finally {
    await upload.close()
  }
}

/** `GET` of an upload: how much has come. */
export async function uploadStatus(exchange: Exchange, name: string, id: string): Promise<void> {
  const size = await exchange.registry.uploads.settledSize(name, id)
  sendStatus(exchange, 204, uploadHeaders(name, id, size))
}

/** `DELETE` of an upload. */
export async function cancelUpload(exchange: Exchange, name: string, id: string): Promise<void> {
  await exchange.registry.uploads.cancel(name, id)
  sendStatus(exchange, 204)
}

function openUpload(exchange: Exchange, name: string, id: string): Promise<OpenUpload> {
  const { registry, request } = exchange
  return inSilence(exchange, () => registry.uploads.open(name, id, () => request.destroy()))
}

/**
 * Do what may take minutes for a large blob, to read it again or to bring it to the disk, while the
 * connection is silent because its client waits.
 */
async function inSilence<Result>(
  { request: { socket } }: Exchange,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = socket.timeout ?? 0
  socket.setTimeout(0)
  try {
    return await work()
  } finally {
    socket.setTimeout(before)
  }
}

async function receive(
  exchange: Exchange,
  name: string,
  id: string,
  upload: OpenUpload,
): Promise<void> {
  const { registry, request } = exchange
  const chunk = readChunk(request.headers, name, id, upload.size)
  const room = roomFor(registry, name)
  const length = Number(request.headers['content-length'] ?? 0)
  const isChunkTheLimit = chunk !== undefined && chunk < room
  const tooLong = (): Error => (isChunkTheLimit ? contradiction() : overQuota(name))
  try {
    if (length > room) throw overQuota(name)
    await appendBody(bodyOf(exchange), upload, isChunkTheLimit ? chunk : room, tooLong)
  } catch (error) {
    // A client that went away may come back. Whatever else it was, these bytes are in the way.
    if (!isConnectionEnd(error)) await upload.remove()
    throw error
  }
}

/**
 * A chunk belongs where the last one ended, and is as long as it says.
 *
 * @returns its length; undefined where the body is a stream
 */
function readChunk(
  headers: IncomingHttpHeaders,
  name: string,
  id: string,
  size: number,
): number | undefined {
  const range = readContentRange(headers['content-range'])
  if (range === undefined) return undefined
  if (range === 'malformed')
    throw refusal(400, 'BLOB_UPLOAD_INVALID', 'Content-Range must be <first byte>-<last byte>')
  if (range.start !== size) throw outOfOrder(range, name, id, size)
  const length = range.end - range.start + 1
  const declared = headers['content-length']
  if (declared !== undefined && Number(declared) !== length) throw contradiction()
  return length
}

function outOfOrder({ start }: ByteRange, name: string, id: string, size: number): Error {
  return refusal(416, 'BLOB_UPLOAD_INVALID', 'the chunk does not follow on what is here', {
    detail: { received: size, start },
    headers: uploadHeaders(name, id, size),
  })
}

function contradiction(): Error {
  return refusal(
    400,
    'SIZE_INVALID',
    'Content-Range and the length of the body contradict each other',
  )
}
