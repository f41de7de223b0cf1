import { allVerbs } from '../kinds/make-kind.ts'
import type { Kind, Subresource } from '../kind.ts'
import { isObject, listAt, textAt, valueAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import type { Schema } from '../schema.ts'
import { customColumns } from './custom-columns.ts'

/** A kind that somebody defined, with the schema that goes by its name. */
export interface CustomKind {
  readonly kind: Kind
  readonly schema: Schema
}

const metadata = { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }
const readAndWrite = ['get', 'patch', 'update']
const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

/** The kinds that a CustomResourceDefinition serves: one for each version. */
export function customKinds(definition: KubeObject): CustomKind[] {
  const versions = listAt(definition, ['spec', 'versions'])
  const stored =
    textAt(
      versions.find(({ storage }) => storage === true),
      ['name'],
    ) ?? ''
  return versions
    .filter(({ served }) => served === true)
    .map((version) => makeCustomKind(definition, version, stored))
}

function makeCustomKind(definition: KubeObject, version: JsonObject, stored: string): CustomKind {
  const { spec } = definition
  const names = (path: string) => textAt(spec, ['names', path]) ?? ''
  const list = (path: string) => {
    const value = valueAt(spec, ['names', path])
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
  }
  const group = textAt(spec, ['group']) ?? ''
  const name = textAt(version, ['name']) ?? ''
  const plural = names('plural')
  const status = isObject(valueAt(version, ['subresources', 'status']))
  const scale = isObject(valueAt(version, ['subresources', 'scale']))
  const subresources: Subresource[] = [
    ...(status ? [{ name: 'status', verbs: readAndWrite }] : []),
    ...(scale ? [{ name: 'scale', verbs: readAndWrite, kind: scaleKind }] : []),
  ]
  const kind: Kind = {
    group,
    version: name,
    kind: names('kind'),
    plural,
    singular: names('singular'),
    shortNames: list('shortNames'),
    categories: list('categories'),
    namespaced: textAt(spec, ['scope']) === 'Namespaced',
    verbs: allVerbs,
    subresources,
    definition: `custom.${group}.${name}.${names('kind')}`,
    storage: `${group}/${plural}`,
    selectable: listAt(version, ['selectableFields']).flatMap(({ jsonPath }) =>
      typeof jsonPath === 'string' ? [jsonPath.replace(/^\./, '')] : [],
    ),
    generation: true,
    statusOnCreate: false,
    isCustom: true,
    columns: customColumns(listAt(version, ['additionalPrinterColumns'])),
    // Without a webhook all versions have the same fields.
    conversion: {
      toStored: (object) => ({ ...object, apiVersion: `${group}/${stored}` }),
      fromStored: (object) => ({ ...object, apiVersion: `${group}/${name}` }),
    },
  }
  return { kind, schema: schemaOf(version) }
}

/** The schema of a version, with what every object has. */
function schemaOf(version: JsonObject): Schema {
  const given = valueAt(version, ['schema', 'openAPIV3Schema'])
  const schema = (isObject(given) ? given : {}) as unknown as Schema
  if (schema.properties === undefined && schema['x-kubernetes-preserve-unknown-fields'])
    return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const text = { type: 'string' }
  return {
    ...schema,
    type: 'object',
    properties: { ...schema.properties, apiVersion: text, kind: text, metadata },
  }
}

/** The status of a definition whose names are taken from nobody. */
export function acceptedStatus(definition: KubeObject, time: string): JsonObject {
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    lastTransitionTime: time,
    reason,
    message,
  })
  const versions = listAt(definition, ['spec', 'versions'])
  const names = valueAt(definition, ['spec', 'names'])
  return {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: isObject(names) ? structuredClone(names) : {},
    storedVersions: versions
      .filter(({ storage }) => storage === true)
      .map(({ name }) => name ?? ''),
  }
}
