import { isObject, listAt, valueAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'

/** What a schema of a custom kind may ask for, and objects are not held to. */
const keywords = [
  'allOf',
  'anyOf',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'maxItems',
  'maxProperties',
  'minItems',
  'minProperties',
  'multipleOf',
  'not',
  'oneOf',
  'pattern',
  'uniqueItems',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-validations',
]

/** A place for each keyword that the schemas of a definition use: the first one in each version. */
export function unactedKeywords(definition: KubeObject): string[] {
  return listAt(definition, ['spec', 'versions']).flatMap((version, index) => {
    const schema = valueAt(version, ['schema', 'openAPIV3Schema'])
    const found = new Map<string, string>()
    if (isObject(schema)) visit(schema, `spec.versions[${index}].schema.openAPIV3Schema`, found)
    return [...found.values()]
  })
}

function visit(schema: JsonObject, path: string, found: Map<string, string>): void {
  for (const word of keywords)
    if (schema[word] !== undefined && schema[word] !== false && !found.has(word))
      found.set(word, `${path}.${word}`)
  const { properties, items, additionalProperties } = schema
  for (const [name, inner] of Object.entries(isObject(properties) ? properties : {}))
    if (isObject(inner)) visit(inner, `${path}.properties[${name}]`, found)
  if (isObject(items)) visit(items, `${path}.items`, found)
  if (isObject(additionalProperties))
    visit(additionalProperties, `${path}.additionalProperties`, found)
}
