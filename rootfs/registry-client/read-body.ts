import { OperationError } from '../../native/error.ts'
import { explainHttpFailure } from './http-failure.ts'
import type { HttpResponse } from './http-transport.ts'

/**
 * The whole body of an answer that has to be small.
 *
 * @param limit bytes
 * @throws {OperationError} `PROTOCOL` where it is longer; `UNREACHABLE` where the connection was cut
 */
export async function readBody(
  response: HttpResponse,
  limit: number,
  what: string,
): Promise<Buffer> {
  const declared = Number(response.header('content-length') ?? 0)
  const pieces: Buffer[] = []
  let size = 0
  try {
    if (declared > limit) throw tooLong(response, limit, what)
    for await (const piece of response.body as AsyncIterable<Buffer>) {
      size += piece.length
      if (size > limit) throw tooLong(response, limit, what)
      pieces.push(piece)
    }
  } catch (error) {
    response.body.destroy()
    throw explainHttpFailure(error, response.url)
  }
  return Buffer.concat(pieces)
}

/** Let go of a body nobody wants; a short one is read, so that the connection can be used again. */
export async function discardBody(response: HttpResponse): Promise<void> {
  try {
    await readBody(response, 64 * 1024, 'an answer')
  } catch {
    // It was not wanted.
  }
}

function tooLong(response: HttpResponse, limit: number, what: string): OperationError {
  return new OperationError('PROTOCOL', `read ${what}`, {
    host: response.url.host,
    reason: 'it is longer than allowed',
    limit,
  })
}
