import type { Kind } from '../api/kind.ts'
import { apiVersionOf } from '../api/kind.ts'
import { decodeShape } from '../api/decode-shape.ts'
import { isObject } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { decodeMessage, readEnvelope } from '../api/protobuf/decode.ts'
import { WireError } from '../api/protobuf/wire.ts'
import { resolveSchema } from '../api/schema.ts'
import type { Schemas } from '../api/schema.ts'
import { badRequest, unsupportedMediaType } from '../api/status-error.ts'
import type { ApiRequest } from './http-message.ts'
import { fieldFacts } from './load-data.ts'
import { parseYaml } from './parse-yaml.ts'
import { requireShallow } from './require-shallow.ts'

const protobuf = 'application/vnd.kubernetes.protobuf'
const accepted = ['application/json', 'application/yaml', protobuf]
/** Of unknown fields, in one message. */
const mostTold = 1_000

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const wanted = query.get('fieldValidation') ?? ''
  if (wanted === '') return 'Warn'
  if (wanted === 'Strict' || wanted === 'Warn' || wanted === 'Ignore') return wanted
  throw badRequest(
    `fieldValidation: Unsupported value: ${JSON.stringify(wanted)}: supported values: "Ignore", "Strict", "Warn"`,
  )
}

export function mediaTypeOf(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
}

/** The body as JSON, before anything is known of its kind. */
export interface RawBody {
  readonly value: JsonObject
  /** Given by the envelope of protobuf and inside the body elsewhere. */
  readonly apiVersion: string | undefined
  readonly kind: string | undefined
}

/** @throws StatusError 400, 415 */
export async function readRawBody(
  request: ApiRequest,
  schemaPrefix: SchemaNames,
): Promise<RawBody> {
  const type = mediaTypeOf(request)
  const bytes = await request.body()
  if (type === protobuf) return readProtobuf(bytes, schemaPrefix)
  const value = await parseText(type, bytes)
  if (!isObject(value)) throw badRequest('the body is no object')
  const { apiVersion, kind } = value
  return {
    value,
    apiVersion: typeof apiVersion === 'string' ? apiVersion : undefined,
    kind: typeof kind === 'string' ? kind : undefined,
  }
}

async function parseText(type: string, bytes: Buffer): Promise<unknown> {
  if (type === 'application/yaml' || type === 'application/apply-patch+yaml')
    return parseYaml(bytes.toString('utf8'))
  if (type !== 'application/json' && type !== '' && !type.endsWith('+json'))
    throw unsupportedMediaType(accepted)
  return parseJson(bytes)
}

export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw badRequest(`invalid JSON: ${error instanceof Error ? error.message : 'no JSON'}`)
  }
  requireShallow(value)
  return value
}

/** `apps/v1` and `Deployment` → the name of the schema. */
export type SchemaNames = (apiVersion: string, kind: string) => string | undefined

function readProtobuf(bytes: Buffer, nameOf: SchemaNames): RawBody {
  try {
    const { apiVersion, kind, raw } = readEnvelope(bytes)
    const name = nameOf(apiVersion, kind)
    const value = name === undefined ? undefined : decodeMessage(fieldFacts(), name, raw)
    if (!value) throw unsupportedMediaType(accepted.slice(0, 2))
    return { value: { apiVersion, kind, ...value }, apiVersion, kind }
  } catch (error) {
    if (error instanceof WireError) throw badRequest(`invalid protobuf: ${error.message}`)
    throw error
  }
}

/**
 * A body as an object of a kind.
 * @throws StatusError 400 when it is of another kind, or has what the kind has not and the client is strict
 */
export function decodeObject(
  schemas: Schemas,
  kind: Kind,
  { value, ...type }: RawBody,
  request: ApiRequest,
): KubeObject {
  const apiVersion = apiVersionOf(kind)
  const given = { apiVersion: type.apiVersion || apiVersion, kind: type.kind || kind.kind }
  if (given.kind !== kind.kind || given.apiVersion !== apiVersion)
    throw badRequest(
      `the API version in the data (${given.apiVersion}) does not match the expected API version (${apiVersion})`,
    )
  return readAs(schemas, kind, value, request)
}

/** As `decodeObject`, for what a patch made of a stored object. */
export function readAs(
  schemas: Schemas,
  kind: Kind,
  value: JsonObject,
  request: ApiRequest,
): KubeObject {
  requireShallow(value)
  const apiVersion = apiVersionOf(kind)
  const schema = resolveSchema(schemas, { $ref: kind.definition })
  const { object, unknownFields, mismatch } = decodeShape(schemas, schema, value, kind.kind)
  const prefix = `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}`
  if (mismatch !== undefined) throw badRequest(`${prefix}: ${mismatch}`)
  const texts = unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`)
  const validation = fieldValidationOf(request.query)
  if (texts.length > 0 && validation === 'Strict')
    throw badRequest(`${prefix}: strict decoding error: ${texts.slice(0, mostTold).join(', ')}`)
  if (validation === 'Warn') for (const text of texts) request.warnings.push(text)
  const metadata = isObject(object['metadata']) ? object['metadata'] : {}
  return { ...object, apiVersion, kind: kind.kind, metadata }
}
