/** What the distribution specification lets a registry answer with. */
export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'

export type ErrorHeaders = Readonly<Record<string, string>>

/** One entry of the body. */
export interface ErrorEntry {
  readonly code: RegistryErrorCode
  readonly message: string
  readonly detail?: unknown
}

/** A refusal that the client is told about. */
export class RegistryError extends Error {
  readonly status: number
  readonly entries: readonly ErrorEntry[]
  readonly headers: ErrorHeaders

  static {
    this.prototype.name = 'RegistryError'
  }

  constructor(status: number, entries: readonly ErrorEntry[], headers: ErrorHeaders = {}) {
    super(entries.map(({ code, message }) => `${code}: ${message}`).join('; '))
    this.status = status
    this.entries = entries
    this.headers = headers
  }
}

/** A refusal for one reason. @see the distribution specification, "Error Codes" */
export function refusal(
  status: number,
  code: RegistryErrorCode,
  message: string,
  options: { readonly detail?: unknown; readonly headers?: ErrorHeaders } = {},
): RegistryError {
  const { detail, headers } = options
  return new RegistryError(
    status,
    [{ code, message, ...(detail === undefined ? {} : { detail }) }],
    headers,
  )
}

/** For a path that means nothing to this server. */
export function nothingThere(): RegistryError {
  return refusal(404, 'UNSUPPORTED', 'there is nothing at this path')
}

export function errorBody({ entries }: RegistryError): string {
  return `${JSON.stringify({ errors: entries })}\n`
}
