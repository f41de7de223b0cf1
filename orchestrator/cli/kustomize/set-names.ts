import { createHash } from 'node:crypto'
import { builtInKinds } from '../../api/kinds/groups.ts'
import { isObject, listAt, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { sortFields } from '../resources/json-path.ts'
import type { Kustomization } from './kustomization-file.ts'
import { referencesOf } from './references.ts'
import { groupOf, nameOf } from './resource.ts'
import type { Resource } from './resource.ts'

/** Kinds whose names mean something outside of what is built. */
const keepTheirNames = new Set(['APIService', 'CustomResourceDefinition', 'Namespace'])

/** `namespace`: everything that can be in one is in this one. */
export function setNamespace({ fields }: Kustomization, resources: readonly Resource[]): void {
  const namespace = textAt(fields, ['namespace']) ?? ''
  if (namespace === '') return
  for (const { object, names } of resources) {
    if (object.kind === 'Namespace' && groupOf(object) === '') {
      object.metadata = { ...object.metadata, name: namespace }
      names.push(namespace)
    } else if (isNamespaced(object)) object.metadata = { ...object.metadata, namespace }
    if (!/^(?:Cluster)?RoleBinding$/.test(object.kind)) continue
    for (const subject of listAt(object, ['subjects']))
      if (subject['kind'] === 'ServiceAccount' && subject['name'] === 'default')
        subject['namespace'] = namespace
  }
}

function isNamespaced(object: KubeObject): boolean {
  const found = builtInKinds.find(
    ({ kind, group }) => kind === object.kind && group === groupOf(object),
  )
  return found?.namespaced ?? true
}

/** `namePrefix`, `nameSuffix`, and at the end the hashes of what was generated; references follow. */
export function setNames(
  { fields }: Kustomization,
  resources: readonly Resource[],
  isRoot: boolean,
): void {
  const prefix = textAt(fields, ['namePrefix']) ?? ''
  const suffix = textAt(fields, ['nameSuffix']) ?? ''
  const before = new Map(resources.map((one) => [one, nameOf(one)]))
  for (const one of resources) {
    const { object } = one
    const full = keepTheirNames.has(object.kind) ? nameOf(one) : `${prefix}${nameOf(one)}${suffix}`
    rename(one, full)
    if (isRoot && one.hasHash) rename(one, `${full}-${contentHash(object)}`)
  }
  for (const { object } of resources)
    for (const reference of referencesOf(object)) {
      const { holder, field, kind, namespaceField } = reference
      const found = findReferred(resources, before, object, kind, textAt(holder, [field]) ?? '')
      if (!found) continue
      holder[field] = nameOf(found)
      const { namespace } = found.object.metadata
      if (namespaceField !== undefined && namespace) holder[namespaceField] = namespace
    }
}

function rename(one: Resource, name: string): void {
  if (name === nameOf(one)) return
  one.object.metadata = { ...one.object.metadata, name }
  one.names.push(name)
}

/** By the name that it had a moment ago, or else by one before that. */
function findReferred(
  resources: readonly Resource[],
  before: ReadonlyMap<Resource, string>,
  { metadata }: KubeObject,
  kind: string,
  name: string,
): Resource | undefined {
  const ofKind = resources.filter(({ object }) => object.kind === kind)
  const named = ofKind.filter((one) => before.get(one) === name)
  const all = named.length > 0 ? named : ofKind.filter(({ names }) => names.includes(name))
  return all.find(({ object }) => object.metadata.namespace === metadata.namespace) ?? all[0]
}

const letters: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' }

/** Ten letters of a ConfigMap's or Secret's content, as kustomize makes them: names stay the same whoever builds. */
export function contentHash(object: KubeObject): string {
  const content: JsonObject = {
    kind: object.kind,
    // Kustomize looks for it where it is not.
    name: '',
    data: isObject(object['data']) ? object['data'] : '',
  }
  if (object.kind === 'Secret') content['type'] = textAt(object, ['type']) ?? ''
  for (const field of ['binaryData', 'stringData'])
    if (isObject(object[field])) content[field] = object[field]
  // As Go writes JSON.
  const text = JSON.stringify(sortFields(content)).replaceAll(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  )
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10)
  return hash.replaceAll(/[013ae]/g, (letter) => letters[letter]!)
}
