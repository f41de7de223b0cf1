import type { Json, JsonObject } from '../object.ts'
import { messageFields } from './field-facts.ts'
import type { FieldFacts, MessageField } from './field-facts.ts'
import { readFields, WireError } from './wire.ts'

// What Kubernetes clients send as application/vnd.kubernetes.protobuf, as the JSON that the same object has.

const prefix = 'io.k8s.apimachinery.pkg'
const deepest = 100

/** @see https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding */
const magic = [0x6b, 0x38, 0x73, 0x00]

export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  /** The message of that kind. */
  readonly raw: Uint8Array
}

/** @throws WireError */
export function readEnvelope(body: Uint8Array): Envelope {
  if (magic.some((byte, index) => body[index] !== byte))
    throw new WireError('the body does not begin as it should')
  let apiVersion = ''
  let kind = ''
  let raw: Uint8Array = new Uint8Array()
  for (const { number, value } of readFields(body.subarray(magic.length))) {
    if (!(value instanceof Uint8Array)) continue
    if (number === 2) raw = value
    if (number !== 1) continue
    for (const field of readFields(value)) {
      if (field.number === 1) apiVersion = text(field.value)
      if (field.number === 2) kind = text(field.value)
    }
  }
  return { apiVersion, kind, raw }
}

/** @returns the message as JSON, or undefined when its fields are not known @throws WireError */
export function decodeMessage(
  facts: FieldFacts,
  message: string,
  bytes: Uint8Array,
  depth = 0,
): JsonObject | undefined {
  const fields = messageFields(facts, message)
  if (!fields) return undefined
  if (depth > deepest) throw new WireError('messages are nested too deep')
  const object: JsonObject = {}
  for (const { number, value } of readFields(bytes)) {
    const field = fields.get(number)
    if (!field) continue
    if (field.shape === 'map') addToMap(facts, field, value, object, depth)
    else if (field.shape === 'list') {
      const item = decodeValue(facts, field.type, value, depth)
      const list = (object[field.name] ??= []) as Json[]
      if (item !== undefined) list.push(item)
    } else {
      const decoded = decodeValue(facts, field.type, value, depth)
      if (decoded === undefined || (!field.zeroCounts && isZero(decoded))) continue
      if (field.inline) Object.assign(object, decoded)
      else object[field.name] = decoded
    }
  }
  return object
}

function isZero(value: Json): boolean {
  return value === '' || value === 0 || value === false
}

function addToMap(
  facts: FieldFacts,
  field: MessageField,
  value: unknown,
  object: JsonObject,
  depth: number,
): void {
  if (!(value instanceof Uint8Array)) throw new WireError('a map entry has no length')
  let key = ''
  let entry: Json = emptyOf(field.type)
  for (const part of readFields(value)) {
    if (part.number === 1) key = text(part.value)
    if (part.number === 2) entry = decodeValue(facts, field.type, part.value, depth) ?? entry
  }
  const map = (object[field.name] ??= {}) as JsonObject
  Object.defineProperty(map, key, {
    value: entry,
    enumerable: true,
    writable: true,
    configurable: true,
  })
}

function emptyOf(type: string): Json {
  return type === 'string' || type === 'bytes' ? '' : {}
}

function decodeValue(
  facts: FieldFacts,
  type: string,
  value: unknown,
  depth: number,
): Json | undefined {
  switch (type) {
    case 'string':
      return text(value)
    case 'bytes':
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined
    case 'bool':
      return value !== 0n
    case 'int32':
    case 'int64':
      return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : undefined
    case 'double':
      return typeof value === 'number' ? value : undefined
    default:
      if (!(value instanceof Uint8Array)) throw new WireError('a message has no length')
      return (special[type] ?? decodeMessage)(facts, type, value, depth + 1)
  }
}

type Decoder = (
  facts: FieldFacts,
  type: string,
  bytes: Uint8Array,
  depth: number,
) => Json | undefined

/** Messages whose JSON is not their structure. */
const special: Readonly<Record<string, Decoder>> = {
  [`${prefix}.apis.meta.v1.Time`]: (_facts, _type, bytes) => time(bytes, 0),
  [`${prefix}.apis.meta.v1.MicroTime`]: (_facts, _type, bytes) => time(bytes, 6),
  [`${prefix}.api.resource.Quantity`]: (_facts, _type, bytes) => text(numbered(bytes).get(1)),
  [`${prefix}.util.intstr.IntOrString`]: (_facts, _type, bytes) => {
    const fields = numbered(bytes)
    if (fields.get(1) === 1n) return text(fields.get(3))
    const number = fields.get(2)
    return typeof number === 'bigint' ? Number(BigInt.asIntN(32, number)) : 0
  },
  [`${prefix}.runtime.RawExtension`]: (_facts, _type, bytes) => rawJson(bytes),
  [`${prefix}.apis.meta.v1.FieldsV1`]: (_facts, _type, bytes) => rawJson(bytes),
  [`${prefix}.apis.meta.v1.Verbs`]: listOf,
  'io.k8s.api.core.v1.PodSignature': decodeMessage,
  'io.k8s.api.authentication.v1.ExtraValue': listOf,
  'io.k8s.api.authorization.v1.ExtraValue': listOf,
  'io.k8s.api.certificates.v1.ExtraValue': listOf,
}

function listOf(_facts: FieldFacts, _type: string, bytes: Uint8Array): Json {
  return [...readFields(bytes)].map(({ value }) => text(value))
}

function numbered(bytes: Uint8Array): Map<number, bigint | number | Uint8Array> {
  return new Map([...readFields(bytes)].map(({ number, value }) => [number, value]))
}

/** A time that was not set is an empty message. */
function time(bytes: Uint8Array, digits: number): string | undefined {
  const fields = numbered(bytes)
  const [seconds, nanos] = [1, 2].map((number) => {
    const value = fields.get(number) ?? 0n
    if (typeof value !== 'bigint') throw new WireError('a time is no number')
    return Number(BigInt.asIntN(64, value))
  }) as [number, number]
  if (seconds === 0 && nanos === 0) return undefined
  const date = new Date(seconds * 1000)
  if (
    !(date.getUTCFullYear() >= 0 && date.getUTCFullYear() <= 9999) ||
    nanos < 0 ||
    nanos > 999_999_999
  )
    throw new WireError('a time is out of range')
  const whole = date.toISOString().slice(0, 19)
  if (digits === 0) return `${whole}Z`
  return `${whole}.${String(Math.floor(nanos / 1000)).padStart(digits, '0')}Z`
}

function rawJson(bytes: Uint8Array): Json | undefined {
  const raw = numbered(bytes).get(1)
  if (!(raw instanceof Uint8Array) || raw.length === 0) return undefined
  try {
    return JSON.parse(text(raw)) as Json
  } catch (cause) {
    throw new WireError('an embedded object is no JSON', { cause })
  }
}

function text(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : ''
}
