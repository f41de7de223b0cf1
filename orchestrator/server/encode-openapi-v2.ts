import { bytesField, message } from '../api/protobuf/write-fields.ts'
import type { DocumentV2, OperationV2, SchemaV2 } from './openapi-v2.ts'

// The document as protocol buffers, the only form that old clients read. The numbers are those of openapi.v2 in
// https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto

/** As the response names it. Clients ask for it with an `@`, which is no media type when it comes back. */
export const openApiV2Protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
export const acceptsProtobuf = (accept: string) =>
  /proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/.test(accept)

type Fields = (Buffer | readonly Buffer[] | undefined)[]

const text = (number: number, value: string | undefined) =>
  value === undefined ? undefined : bytesField(number, value)
const texts = (number: number, values: readonly string[] = []) =>
  values.map((value) => bytesField(number, value))
const named = (number: number, name: string, value: Buffer) =>
  bytesField(number, message(bytesField(1, name), bytesField(2, value)))

export function encodeOpenApiV2({ swagger, info, paths, definitions }: DocumentV2): Buffer {
  const schemas = Object.entries(definitions).map(([name, one]) => named(1, name, schema(one)))
  const items = Object.entries(paths).map(([path, operations]) =>
    named(2, path, pathItem(operations)),
  )
  return message(
    bytesField(1, swagger),
    bytesField(2, message(bytesField(1, info.title), bytesField(2, info.version))),
    bytesField(8, message(items)),
    bytesField(9, message(schemas)),
  )
}

const methods = { get: 2, put: 3, post: 4, delete: 5, patch: 8 } as const

function pathItem(operations: Readonly<Record<string, OperationV2>>): Buffer {
  const fields: Fields = Object.entries(methods).map(([method, number]) => {
    const found = operations[method]
    return found && bytesField(number, operation(found))
  })
  return message(...fields)
}

function operation({ parameters, responses, ...rest }: OperationV2): Buffer {
  return message(
    parameters.map(({ name, in: place, type }) => {
      const query = message(bytesField(2, place), bytesField(4, name), bytesField(6, type))
      // ParametersItem → Parameter → NonBodyParameter → QueryParameterSubSchema
      return bytesField(8, bytesField(1, bytesField(2, bytesField(3, query))))
    }),
    bytesField(
      9,
      message(
        Object.entries(responses).map(([code, { description }]) =>
          named(1, code, bytesField(1, bytesField(1, description))),
        ),
      ),
    ),
    extensions(13, rest),
  )
}

function extensions(number: number, fields: object): Buffer[] {
  return Object.entries(fields)
    .filter(([name]) => name.startsWith('x-kubernetes-'))
    .map(([name, value]) => named(number, name, bytesField(2, asYaml(value))))
}

/** JSON is YAML, save that readers expect no quotes around what stands alone. */
function asYaml(value: unknown): string {
  return typeof value === 'string' ? `${value}\n` : `${JSON.stringify(value)}\n`
}

function schema(one: SchemaV2): Buffer {
  const properties = Object.entries(one.properties ?? {}).map(([name, inner]) =>
    named(1, name, schema(inner)),
  )
  return message(
    text(1, one.$ref),
    text(2, one.format),
    text(4, one.description),
    texts(19, one.required),
    one.additionalProperties && bytesField(21, bytesField(1, schema(one.additionalProperties))),
    one.type === undefined ? undefined : bytesField(22, bytesField(1, one.type)),
    one.items && bytesField(23, bytesField(1, schema(one.items))),
    properties.length > 0 ? bytesField(25, message(properties)) : undefined,
    extensions(31, one),
  )
}
