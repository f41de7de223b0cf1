// The subset of OpenAPI that the built-in kinds and CustomResourceDefinitions use.

export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly enum?: readonly string[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly oneOf?: readonly Schema[]
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
}

/** Name of a definition → its schema. */
export type Schemas = Readonly<Record<string, Schema>>

const anything: Schema = {}

/** The schema itself, with what the place of use says over what the definition says. */
export function resolveSchema(schemas: Schemas, schema: Schema | undefined): Schema {
  if (schema?.$ref === undefined) return schema ?? anything
  return schemas[schema.$ref] ?? anything
}

/** Schema of a field, with its own marks (merge key, list type); undefined for a field that is not known. */
export function fieldSchema(schema: Schema, field: string): Schema | undefined {
  const own = schema.properties
  if (own && Object.hasOwn(own, field)) return own[field]
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties
  if (schema.additionalProperties === true || acceptsAnything(schema)) return anything
  return undefined
}

/** Whether any field may be in it: no fields are named, as in a RawExtension. */
export function acceptsAnything(schema: Schema): boolean {
  return (
    schema['x-kubernetes-preserve-unknown-fields'] === true ||
    (schema.properties === undefined && schema.additionalProperties === undefined)
  )
}
