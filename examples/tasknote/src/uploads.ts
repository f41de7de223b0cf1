import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, constants, rename, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { smallSuffix } from './images.ts'
import { RequestError } from './request-error.ts'

const extensions: ReadonlyMap<string, string> = new Map([
  ['image/jpeg', '.jpg'],
  ['image/png', '.png'],
  ['image/webp', '.webp'],
])

/**
 * Write the body of a request into the uploads folder. The file has its name only once it is whole.
 *
 * @returns name and media type
 * @throws {RequestError} 415 for what is no image, 413 for one that is too large
 */
export async function receiveUpload(
  request: IncomingMessage,
  folder: string,
  maxBytes: number,
): Promise<{ file: string; type: string }> {
  const type = (request.headers['content-type'] ?? '').replace(/\s*;.*$/u, '')
  const extension = extensions.get(type)
  if (extension === undefined)
    throw new RequestError(415, `send one of ${[...extensions.keys()].join(', ')}`)
  // Told beforehand there still is somebody who reads the answer; in the middle the connection ends.
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const file = `${randomUUID()}${extension}`
  const partial = join(folder, `${file}.part`)
  try {
    await pipeline(request, limit(maxBytes), createWriteStream(partial))
    await rename(partial, join(folder, file))
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  return { file, type }
}

function limit(maxBytes: number): Transform {
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > maxBytes) done(tooLarge(maxBytes))
      else done(null, chunk)
    },
  })
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError(413, `an image may have ${maxBytes} bytes`)
}

/** Remove an upload with its small copy; that it is gone already is fine. */
export async function removeUpload(folder: string, file: string): Promise<void> {
  await Promise.all(
    [file, `${file}${smallSuffix}`].map((name) => rm(join(folder, name), { force: true })),
  )
}

/** Whether uploads can be written: the folder may be a volume that belongs to somebody else. */
export async function canWriteUploads(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  )
}
