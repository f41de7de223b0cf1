import { messageFields } from '../../../orchestrator/api/protobuf/field-facts.ts'
import type { FieldFacts } from '../../../orchestrator/api/protobuf/field-facts.ts'
import { isObject } from '../../../orchestrator/api/object.ts'
import type { JsonObject } from '../../../orchestrator/api/object.ts'
import { protobufField, protobufNumber } from './protobuf-bytes.ts'

const prefix = 'io.k8s.apimachinery.pkg'

/** An object as clients send it in protobuf, as far as its types are right. */
export function encodeMessage(facts: FieldFacts, message: string, object: JsonObject): Buffer {
  const parts: Buffer[] = []
  for (const [number, { name, type, shape, inline }] of messageFields(facts, message) ?? []) {
    const value = inline ? object : object[name]
    if (value === undefined || value === null) continue
    const values = shape === 'list' ? (Array.isArray(value) ? value : []) : [value]
    for (const one of values)
      if (shape === 'map')
        for (const [key, entry] of Object.entries(isObject(one) ? one : {}))
          parts.push(
            protobufField(number, protobufField(1, key), encodeValue(facts, 2, type, entry)),
          )
      else parts.push(encodeValue(facts, number, type, one))
  }
  return Buffer.concat(parts)
}

function encodeValue(facts: FieldFacts, number: number, type: string, value: unknown): Buffer {
  switch (type) {
    case 'string':
      return protobufField(number, String(value))
    case 'bytes':
      return protobufField(number, Buffer.from(String(value), 'base64'))
    case 'bool':
      return protobufNumber(number, value === true ? 1 : 0)
    case 'int32':
    case 'int64':
      return protobufNumber(number, Number.isSafeInteger(value) ? Number(value) : 0)
    case 'double':
      return Buffer.alloc(0)
    case `${prefix}.api.resource.Quantity`:
    case `${prefix}.runtime.RawExtension`:
    case `${prefix}.apis.meta.v1.FieldsV1`:
      return protobufField(
        number,
        protobufField(1, type.endsWith('Quantity') ? String(value) : JSON.stringify(value)),
      )
    case `${prefix}.apis.meta.v1.Time`:
    case `${prefix}.apis.meta.v1.MicroTime`:
      return protobufField(
        number,
        protobufNumber(1, Math.trunc(Date.parse(String(value)) / 1000) || 0),
      )
    case `${prefix}.util.intstr.IntOrString`:
      return protobufField(
        number,
        typeof value === 'number'
          ? protobufNumber(2, Math.trunc(value))
          : Buffer.concat([protobufNumber(1, 1), protobufField(3, String(value))]),
      )
    default:
      return protobufField(number, encodeMessage(facts, type, isObject(value) ? value : {}))
  }
}
