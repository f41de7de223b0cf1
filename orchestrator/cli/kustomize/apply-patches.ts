import { builtInKinds } from '../../api/kinds/groups.ts'
import { clone, isObject, listAt, textAt, valueAt } from '../../api/object.ts'
import type { Json, JsonObject, KubeObject } from '../../api/object.ts'
import { applyJsonPatch, PatchError } from '../../api/patch/json-patch.ts'
import { applyMergePatch } from '../../api/patch/merge-patch.ts'
import { applyStrategicMerge } from '../../api/patch/strategic-merge.ts'
import { fieldSchema, resolveSchema } from '../../api/schema.ts'
import type { Schema, Schemas } from '../../api/schema.ts'
import { parseLabelSelector, matchesRequirement } from '../../api/selectors.ts'
import { builtInSchemas } from '../../server/load-data.ts'
import { CommandFailure } from '../resources/session.ts'
import { parseYaml, readOwnFile } from './kustomization-file.ts'
import type { Kustomization } from './kustomization-file.ts'
import { groupOf } from './resource.ts'
import type { Resource } from './resource.ts'

/** A patch with what it is for; without a target it says so itself. */
interface Patch {
  readonly target?: JsonObject
  readonly body: JsonObject | JsonObject[]
}

/** `patchesStrategicMerge`, `patches`, and `patchesJson6902`, in kustomize's order. @throws CommandFailure */
export async function applyPatches(
  kustomization: Kustomization,
  resources: readonly Resource[],
): Promise<Resource[]> {
  let all = [...resources]
  for (const { target, body } of await readPatches(kustomization)) {
    const chosen = all.filter((one) => (target ? isTarget(one, target) : isNamed(one, body)))
    if (!target && chosen.length === 0)
      throw new CommandFailure(
        `no matches for Id ${String(valueAt(body, ['kind']))}/${textAt(body, ['metadata', 'name']) ?? ''}; failed to find unique target for patch`,
      )
    for (const one of chosen) change(one, body)
    all = all.filter(({ object }) => Object.keys(object).length > 0)
  }
  return all
}

async function readPatches(kustomization: Kustomization): Promise<Patch[]> {
  const { fields } = kustomization
  const patches: Patch[] = []
  const add = async (text: string, file: string, target?: JsonObject): Promise<void> => {
    for (const body of await parseYaml(text, file))
      if (isObject(body) || Array.isArray(body))
        patches.push({ body: body as Patch['body'], ...(target ? { target } : {}) })
  }
  const strategic = fields['patchesStrategicMerge']
  for (const text of Array.isArray(strategic) ? strategic.map(String) : [])
    await (text.includes('\n') ? add(text, 'patch') : add(readOwnFile(kustomization, text), text))
  for (const wish of [...listAt(fields, ['patches']), ...listAt(fields, ['patchesJson6902'])]) {
    const path = textAt(wish, ['path'])
    const text = path === undefined ? textAt(wish, ['patch']) : readOwnFile(kustomization, path)
    const target = wish['target']
    if (text === undefined) throw new CommandFailure('must specify one of patch and path')
    await add(text, path ?? 'patch', isObject(target) ? target : undefined)
  }
  return patches
}

function isNamed({ object, names }: Resource, body: Patch['body']): boolean {
  if (Array.isArray(body)) throw new CommandFailure('must specify a target for JSON patches')
  const { kind } = body
  const apiVersion = textAt(body, ['apiVersion']) ?? ''
  const namespace = textAt(body, ['metadata', 'namespace'])
  return (
    kind === object.kind &&
    groupOf({ ...object, apiVersion }) === groupOf(object) &&
    names.includes(textAt(body, ['metadata', 'name']) ?? '') &&
    (namespace === undefined || namespace === (object.metadata.namespace ?? 'default'))
  )
}

function isTarget({ object, names }: Resource, target: JsonObject): boolean {
  const fits = (field: string, values: readonly string[]): boolean => {
    const pattern = textAt(target, [field])
    if (pattern === undefined || pattern === '') return true
    const whole = new RegExp(`^(?:${pattern})$`)
    return values.some((value) => whole.test(value))
  }
  const selects = (field: string, labels: Record<string, string> | undefined): boolean =>
    parseLabelSelector(textAt(target, [field]) ?? '').every((one) =>
      matchesRequirement(labels, one),
    )
  const { metadata, kind, apiVersion } = object
  return (
    fits('group', [groupOf(object)]) &&
    fits('version', [apiVersion.split('/').at(-1) ?? '']) &&
    fits('kind', [kind]) &&
    fits('name', names) &&
    fits('namespace', [metadata.namespace ?? '']) &&
    selects('labelSelector', metadata.labels) &&
    selects('annotationSelector', metadata.annotations)
  )
}

function change(resource: Resource, body: Patch['body']): void {
  const { object } = resource
  const before = clone(object) as unknown as JsonObject
  try {
    const after = (Array.isArray(body)
      ? applyJsonPatch(before, body)
      : merge(object, before, body)) as unknown as KubeObject
    if (Object.keys(after).length > 0) {
      // A patch for many does not make them one.
      after.metadata = { ...after.metadata, name: object.metadata.name ?? '' }
      after.kind = object.kind
    }
    resource.object = after
  } catch (error) {
    if (!(error instanceof PatchError)) throw error
    throw new CommandFailure(`patch ${object.kind}/${object.metadata.name}: ${error.message}`)
  }
}

function merge(object: KubeObject, before: JsonObject, patch: JsonObject): JsonObject {
  const schemas = builtInSchemas()
  const version = object.apiVersion.split('/').at(-1)
  const kind = builtInKinds.find(
    (one) => one.kind === object.kind && one.group === groupOf(object) && one.version === version,
  )
  if (!kind) return applyMergePatch(before, patch)
  const schema = resolveSchema(schemas, { $ref: kind.definition })
  const merged = applyStrategicMerge(schemas, schema, before, patch)
  return ordered(schemas, schema, merged, patch)
}

/** Where lists are merged item by item, those of the patch come first, in its order: so does kustomize. */
function ordered(
  schemas: Schemas,
  schema: Schema,
  merged: JsonObject,
  patch: JsonObject,
): JsonObject {
  const result = { ...merged }
  for (const [field, given] of Object.entries(patch)) {
    const place = fieldSchema(schema, field) ?? {}
    const value = result[field]
    if (isObject(value) && isObject(given))
      result[field] = ordered(schemas, resolveSchema(schemas, place), value, given)
    const key = place['x-kubernetes-patch-merge-key']
    if (!Array.isArray(value) || !Array.isArray(given) || key === undefined) continue
    const inner = resolveSchema(schemas, place.items)
    const keyOf = (item: Json): Json | undefined => (isObject(item) ? item[key] : undefined)
    const wanted = given.map(keyOf)
    const first = wanted.flatMap((one) => value.filter((item) => keyOf(item) === one))
    result[field] = [
      ...first.map((item) => {
        const own = given.find((one) => keyOf(one) === keyOf(item))
        return isObject(item) && isObject(own) ? ordered(schemas, inner, item, own) : item
      }),
      ...value.filter((item) => !wanted.includes(keyOf(item))),
    ]
  }
  return result
}
