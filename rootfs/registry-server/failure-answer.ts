import type { IncomingMessage, ServerResponse } from 'node:http'
import { isSystemError } from '../../native/system-error.ts'
import { isConnectionEnd } from './connection-end.ts'
import { RegistryError, errorBody, refusal } from './registry-error.ts'
import { drainBody } from './request-body.ts'

/**
 * Tell the client what went wrong, where it can still be told.
 *
 * @param onDefect is called with what is the server's own fault
 */
export function answerFailure(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  onDefect: (error: unknown) => void,
): void {
  if (isConnectionEnd(error)) {
    response.destroy()
    return
  }
  const known = error instanceof RegistryError ? error : diskFull(error)
  if (!known) onDefect(error)
  if (response.headersSent) {
    // The length that was promised does not come: only the end of the connection says so.
    response.destroy()
    return
  }
  sendFailure(request, response, known ?? internal())
}

function sendFailure(
  request: IncomingMessage,
  response: ServerResponse,
  failure: RegistryError,
): void {
  const body = errorBody(failure)
  const isUnread = !request.complete
  // Who asked before sending a body may now send it or not: nobody can tell what comes next.
  const isAsked = isUnread && request.headers.expect !== undefined
  response.writeHead(failure.status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...failure.headers,
    ...(isAsked && { Connection: 'close' }),
  })
  const content = request.method === 'HEAD' ? '' : body
  if (!isUnread || isAsked) {
    response.end(content)
    return
  }
  // The end of the answer may be that of the connection, and a connection that is closed while bytes
  // are on their way to it takes the answer with it.
  response.write(content)
  void drainBody(request).then(() => response.end())
}

/** @returns undefined for any other error */
function diskFull(error: unknown): RegistryError | undefined {
  const isFull =
    isSystemError(error, 'ENOSPC') ||
    isSystemError(error, 'EDQUOT') ||
    (error instanceof Error && 'errcode' in error && error.errcode === 13) // SQLITE_FULL
  return isFull ? refusal(507, 'DENIED', "the registry's disk is full") : undefined
}

function internal(): RegistryError {
  return refusal(500, 'UNSUPPORTED', 'the registry failed; its log says how')
}
