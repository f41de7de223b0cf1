import { apiVersionOf } from '../api/kind.ts'
import type { Kind } from '../api/kind.ts'
import type { Schema, Schemas } from '../api/schema.ts'
import type { KindRegistry } from './kind-registry.ts'
import { descriptions } from './load-data.ts'
import { kubernetesVersion } from './version.ts'

// OpenAPI v2: one document for everything, for clients that know no v3 (kubectl before 1.29, Argo CD).

export interface SchemaV2 {
  $ref?: string
  type?: string
  format?: string
  description?: string
  required?: readonly string[]
  items?: SchemaV2
  additionalProperties?: SchemaV2
  properties?: Record<string, SchemaV2>
  [extension: `x-kubernetes-${string}`]: unknown
}

export interface DocumentV2 {
  readonly swagger: '2.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationV2>>>>
  readonly definitions: Readonly<Record<string, SchemaV2>>
}

export interface OperationV2 {
  readonly 'x-kubernetes-action': string
  readonly 'x-kubernetes-group-version-kind': GroupVersionKind
  readonly parameters: readonly {
    readonly name: string
    readonly in: 'query'
    readonly type: string
  }[]
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
  name,
  in: 'query' as const,
  type: 'string',
}))

export function openApiV2(registry: KindRegistry, schemas: Schemas): DocumentV2 {
  const texts = descriptions()
  const definitions: Record<string, SchemaV2> = {}
  for (const [name, schema] of Object.entries(schemas))
    definitions[name] = definitionOf(schema, texts[name] ?? {})
  for (const { definition, group, version, kind } of registry.all()) {
    const target = definitions[definition]
    if (!target) continue
    const known = target['x-kubernetes-group-version-kind']
    const all = Array.isArray(known) ? (known as GroupVersionKind[]) : []
    target['x-kubernetes-group-version-kind'] = [...all, { group, version, kind }]
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: kubernetesVersion },
    paths: Object.assign({}, ...registry.all().map(pathsOf)) as DocumentV2['paths'],
    definitions,
  }
}

function pathsOf(kind: Kind): DocumentV2['paths'] {
  const { group, version } = kind
  const base = group === '' ? `/api/${version}` : `/apis/${apiVersionOf(kind)}`
  const collection = `${base}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`
  const operation = (action: string): OperationV2 => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind: kind.kind },
    parameters: writeParameters,
    responses: { 200: { description: 'OK' } },
  })
  return {
    ...(kind.verbs.includes('create') ? { [collection]: { post: operation('post') } } : {}),
    ...(kind.verbs.includes('patch')
      ? { [`${collection}/{name}`]: { put: operation('put'), patch: operation('patch') } }
      : {}),
  }
}

function definitionOf(schema: Schema, texts: Readonly<Record<string, string>>): SchemaV2 {
  const description = texts['']
  const properties = Object.entries(schema.properties ?? {}).map(
    ([field, place]): [string, SchemaV2] => {
      const text = texts[field]
      return [field, { ...placeOf(place), ...(text ? { description: text } : {}) }]
    },
  )
  return {
    ...placeOf(schema),
    ...(description ? { description } : {}),
    ...(properties.length > 0 ? { properties: Object.fromEntries(properties) } : {}),
  }
}

/** What v2 can say of a place; it knows no alternatives: what may be a number or text is text. */
function placeOf(place: Schema): SchemaV2 {
  const { $ref, type, format, required, items, additionalProperties, oneOf, properties } = place
  const marks = Object.fromEntries(
    Object.entries(place).filter(([name]) => name.startsWith('x-kubernetes-')),
  ) as SchemaV2
  if ($ref !== undefined) return { $ref: `#/definitions/${$ref}`, ...marks }
  const known = oneOf ? 'string' : type
  const inner = Object.entries(properties ?? {}).map(([name, one]) => [name, placeOf(one)] as const)
  return {
    ...(known === undefined ? {} : { type: known }),
    ...(format === undefined ? {} : { format }),
    ...(required ? { required } : {}),
    ...(items ? { items: placeOf(items) } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: placeOf(additionalProperties) }
      : {}),
    ...(inner.length > 0 ? { properties: Object.fromEntries(inner) } : {}),
    ...marks,
  }
}
