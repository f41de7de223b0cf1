import { type ErrorCode, type ErrorDetail, OperationError } from '../../native/error.ts'
import type { HttpResponse } from './http-transport.ts'
import { readBody } from './read-body.ts'

const maxErrorBody = 64 * 1024
const maxMessage = 300

/** What a registry says went wrong, as operands of an error. */
export function registryMessage(text: string): { readonly says?: string } {
  const said = messagesOf(text)
  return said === '' ? {} : { says: said.slice(0, maxMessage) }
}

/** @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
function messagesOf(text: string): string {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // A proxy's page in HTML says nothing in its first line.
    return text.trimStart().startsWith('<') ? '' : (text.trim().split('\n')[0] ?? '')
  }
  const fields = Object(document) as Record<string, unknown>
  const errors: unknown = fields['errors']
  if (Array.isArray(errors))
    return errors
      .map((item) => Object(item) as Record<string, unknown>)
      .map(({ code, message }) =>
        [code, message].filter((part) => typeof part === 'string' && part),
      )
      .map((parts) => parts.join(': '))
      .join('; ')
  const plain =
    fields['error_description'] ?? fields['message'] ?? fields['details'] ?? fields['error']
  return typeof plain === 'string' ? plain : ''
}

/** Codes of the errors in an answer of a registry, e.g. "MANIFEST_UNKNOWN". */
export function registryErrorCodes(text: string): string[] {
  try {
    const { errors } = Object(JSON.parse(text)) as { errors?: unknown }
    if (!Array.isArray(errors)) return []
    return errors.map((item) => String((Object(item) as Record<string, unknown>)['code']))
  } catch {
    return []
  }
}

/**
 * The error for an answer that is none of those hoped for. Reads the body.
 *
 * @param step as for OperationError
 */
export async function unexpectedAnswer(
  response: HttpResponse,
  step: string,
  detail: ErrorDetail,
): Promise<OperationError> {
  const text = await readBody(response, maxErrorBody, 'an error').then(String, () => '')
  return answerError(response, text, step, detail)
}

export function answerError(
  response: HttpResponse,
  text: string,
  step: string,
  detail: ErrorDetail,
): OperationError {
  const { status, url } = response
  const all = { host: url.host, ...detail, status, ...registryMessage(text) }
  return new OperationError(codeOf(status), step, all, { hint: hintOf(status, url) })
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'ACCESS_DENIED'
  if (status === 404) return 'NOT_FOUND'
  return status === 429 || status >= 500 ? 'UNREACHABLE' : 'PROTOCOL'
}

function hintOf(status: number, url: URL): string | undefined {
  if (status === 401) return `Log in first: "myimage login ${url.host}"`
  if (status === 403) return 'This user may not do that there'
  if (status === 429) return 'The registry limits how often it is asked: wait, or log in'
  if (status === 413) return 'The registry, or a proxy before it, takes no body of that size'
  if (status >= 500) return 'The fault is on the side of the registry: try again later'
  return undefined
}
