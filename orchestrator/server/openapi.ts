import { createHash } from 'node:crypto'
import { apiVersionOf } from '../api/kind.ts'
import type { Kind } from '../api/kind.ts'
import type { Schema, Schemas } from '../api/schema.ts'
import type { GroupVersion, KindRegistry } from './kind-registry.ts'
import { descriptions } from './load-data.ts'

// OpenAPI v3, one document a group version, made when it is asked for: what `explain` and the checks of clients read.

type Texts = ReturnType<typeof descriptions>

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

function pathOf(groupVersion: GroupVersion): string {
  return groupVersion.group === ''
    ? `api/${groupVersion.version}`
    : `apis/${apiVersionOf(groupVersion)}`
}

/** @param salt changes when schemas do: clients keep documents by it */
export function openApiIndex(registry: KindRegistry, salt: string): object {
  const entries = registry.groupVersions().map((groupVersion) => {
    const path = pathOf(groupVersion)
    const hash = createHash('sha256').update(`${salt} ${path}`).digest('hex').toUpperCase()
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }]
  })
  return { paths: Object.fromEntries(entries) as object }
}

/** @returns undefined for a group version that is not served */
export function openApiDocument(
  registry: KindRegistry,
  schemas: Schemas,
  path: string,
): object | undefined {
  const groupVersion = registry.groupVersions().find((one) => pathOf(one) === path)
  if (!groupVersion) return undefined
  const kinds = registry.kindsOf(groupVersion)
  const texts = descriptions()
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.33.0' },
    paths: Object.assign({}, ...kinds.map((kind) => pathsOf(kind, `/${path}`))) as object,
    components: { schemas: closure(schemas, texts, kinds) },
  }
}

const parameter = (name: string, type = 'string') => ({
  name,
  in: 'query',
  schema: { type, uniqueItems: true },
})
const writeParameters = [
  parameter('dryRun'),
  parameter('fieldManager'),
  parameter('fieldValidation'),
]

function pathsOf(kind: Kind, base: string): object {
  const { group, version } = kind
  const collection = `${base}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`
  const gvk = { 'x-kubernetes-group-version-kind': { group, version, kind: kind.kind } }
  const ref = { schema: { $ref: `#/components/schemas/${kind.definition}` } }
  const body = {
    requestBody: { content: { '*/*': ref } },
    responses: { 200: { description: 'OK' } },
  }
  const write = (action: string) => ({
    ...gvk,
    'x-kubernetes-action': action,
    parameters: writeParameters,
    ...body,
  })
  const read = (action: string) => ({
    ...gvk,
    'x-kubernetes-action': action,
    responses: { 200: { description: 'OK', content: { 'application/json': ref } } },
  })
  const types = patchTypes.filter((type) => !kind.isCustom || !type.includes('strategic'))
  const content = Object.fromEntries(types.map((type) => [type, { schema: { type: 'object' } }]))
  const patch = {
    ...write('patch'),
    parameters: [...writeParameters, parameter('force', 'boolean')],
    requestBody: { content },
  }
  const has = (verb: string) => kind.verbs.includes(verb)
  return {
    [collection]: {
      ...(has('list') ? { get: read('list') } : {}),
      ...(has('create') ? { post: write('post') } : {}),
    },
    ...(has('get')
      ? {
          [`${collection}/{name}`]: {
            get: read('get'),
            ...(has('update') ? { put: write('put'), patch } : {}),
            ...(has('delete')
              ? { delete: { ...gvk, 'x-kubernetes-action': 'delete', responses: {} } }
              : {}),
          },
        }
      : {}),
  }
}

/** The schemas of the kinds and everything that they mention. */
function closure(schemas: Schemas, texts: Texts, kinds: readonly Kind[]): Record<string, object> {
  const result: Record<string, object> = {}
  const waiting = kinds.map(({ definition }) => definition)
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (Object.hasOwn(result, name)) continue
    const schema = schemas[name]
    if (!schema) continue
    result[name] = documented(schema, texts[name] ?? {}, (mentioned) => waiting.push(mentioned))
  }
  for (const { definition, group, version, kind } of kinds)
    Object.assign(result[definition] ?? {}, {
      'x-kubernetes-group-version-kind': [{ group, version, kind }],
    })
  return result
}

function documented(
  schema: Schema,
  texts: Readonly<Record<string, string>>,
  mention: (name: string) => void,
): object {
  const properties = Object.entries(schema.properties ?? {}).map(([field, place]) => {
    const description = texts[field]
    const shown = externalise(place, mention)
    return [field, description ? { description, ...shown } : shown]
  })
  return {
    ...(texts[''] ? { description: texts[''] } : {}),
    ...schema,
    ...(properties.length > 0 ? { properties: Object.fromEntries(properties) as object } : {}),
  }
}

/** References as OpenAPI has them; beside a reference nothing else counts, so it goes into an `allOf`. */
function externalise(place: Schema, mention: (name: string) => void): object {
  const { $ref, items, additionalProperties, ...rest } = place
  if ($ref !== undefined) mention($ref)
  return {
    ...rest,
    ...($ref === undefined ? {} : { allOf: [{ $ref: `#/components/schemas/${$ref}` }] }),
    ...(items ? { items: externalise(items, mention) } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: externalise(additionalProperties, mention) }
      : additionalProperties === undefined
        ? {}
        : { additionalProperties }),
  }
}
