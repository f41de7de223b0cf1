import { qualifiedKind, qualifiedResource } from './kind.ts'
import type { Kind } from './kind.ts'
import { describeFieldError } from './validation/field-error.ts'
import type { FieldError } from './validation/field-error.ts'

// Failures as clients of the Kubernetes API know them: they branch on `reason`, people read `message`.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#response-status-kind

export interface StatusCause {
  readonly reason: string
  readonly message: string
  readonly field?: string
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: { readonly continue?: string }
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: string
  readonly details?: StatusDetails
  readonly code?: number
}

/** The Status of what has no other answer. */
export function success(code: number, details?: StatusDetails): Status {
  const base = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } as const
  return { ...base, ...(details ? { details } : {}), code }
}

/** A request that ends with a Status. */
export class StatusError extends Error {
  readonly status: Status & { readonly code: number }

  static {
    this.prototype.name = 'StatusError'
  }

  constructor(
    code: number,
    reason: string,
    message: string,
    details?: StatusDetails,
    metadata: Status['metadata'] = {},
  ) {
    super(message)
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata,
      status: 'Failure',
      message,
      reason,
      ...(details ? { details } : {}),
      code,
    }
  }
}

/** What names a resource in a message. */
export type ResourceName = Pick<Kind, 'plural' | 'group'>

function detailsOf({ plural, group }: ResourceName, name: string): StatusDetails {
  return { name, ...(group === '' ? {} : { group }), kind: plural }
}

export function notFound(resource: ResourceName, name: string): StatusError {
  const message = `${qualifiedResource(resource)} "${name}" not found`
  return new StatusError(404, 'NotFound', message, detailsOf(resource, name))
}

/** No such path at all. */
export function unknownPath(): StatusError {
  const message = 'the server could not find the requested resource'
  return new StatusError(404, 'NotFound', message, {})
}

export function alreadyExists(resource: ResourceName, name: string): StatusError {
  const message = `${qualifiedResource(resource)} "${name}" already exists`
  return new StatusError(409, 'AlreadyExists', message, detailsOf(resource, name))
}

const staleMessage =
  'the object has been modified; please apply your changes to the latest version and try again'

export function conflict(resource: ResourceName, name: string, why = staleMessage): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(resource)} "${name}": ${why}`
  return new StatusError(409, 'Conflict', message, detailsOf(resource, name))
}

/** Who did more wrong than this is not told all of it: each word sent may be wrong in a sentence. */
const mostCauses = 1_000

export function invalid(
  kind: Pick<Kind, 'kind' | 'group'>,
  name: string,
  all: readonly FieldError[],
): StatusError {
  const errors = all.slice(0, mostCauses)
  const texts = [...new Set(errors.map(describeFieldError))]
  const list = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
  const causes = errors.map((error) => ({
    reason: error.reason,
    message: describeFieldError(error).slice(error.field.length + 2),
    field: error.field,
  }))
  return new StatusError(422, 'Invalid', `${qualifiedKind(kind)} "${name}" is invalid: ${list}`, {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes,
  })
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message)
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized')
}

export function forbidden(resource: ResourceName, name: string, why: string): StatusError {
  const subject = name === '' ? '' : ` "${name}"`
  const message = `${qualifiedResource(resource)}${subject} is forbidden: ${why}`
  return new StatusError(403, 'Forbidden', message, detailsOf(resource, name))
}

export function methodNotAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource'
  return new StatusError(405, 'MethodNotAllowed', message, {})
}

export function notAcceptable(accepted: readonly string[]): StatusError {
  const message = `only the following media types are accepted: ${accepted.join(', ')}`
  return new StatusError(406, 'NotAcceptable', message)
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  return new StatusError(415, 'UnsupportedMediaType', message)
}

export function expired(message: string, continueToken?: string): StatusError {
  const metadata = continueToken === undefined ? {} : { continue: continueToken }
  return new StatusError(410, 'Expired', message, undefined, metadata)
}

export function tooLarge(limit: number): StatusError {
  const message = `Request entity too large: limit is ${limit}`
  return new StatusError(413, 'RequestEntityTooLarge', message)
}

export function internalError(message: string): StatusError {
  const text = `Internal error occurred: ${message}`
  return new StatusError(500, 'InternalError', text, { causes: [{ reason: '', message }] })
}

export function serviceUnavailable(message: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message)
}
