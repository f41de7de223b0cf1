import { builtInKinds } from '../../api/kinds/groups.ts'
import { builtInSchemas } from '../../server/load-data.ts'
import { isObject } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { resolveSchema } from '../../api/schema.ts'
import type { Schema, Schemas } from '../../api/schema.ts'
import type { ApiResource } from './discover.ts'
import { sortFields } from './json-path.ts'
import type { Manifest } from './read-manifests.ts'
import { mergePatch, strategicPatch } from './three-way-patch.ts'

/** Where kubectl, too, keeps what was applied last. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

export interface PatchToSend {
  readonly contentType: string
  readonly body: JsonObject
}

/** The object with the note of what was applied. */
export function withLastApplied(object: KubeObject): KubeObject {
  const { [lastApplied]: _, ...annotations } = object.metadata.annotations ?? {}
  const plain = { ...object, metadata: { ...object.metadata, annotations } }
  const note = `${goJson(sortFields(plain))}\n`
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [lastApplied]: note } },
  }
}

export function hasLastApplied({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[lastApplied] !== undefined
}

/** What changes an object that there is into what the manifest says. */
export function patchFor(
  { resource }: Manifest,
  wanted: KubeObject,
  current: KubeObject,
): PatchToSend {
  const next = withLastApplied(wanted) as unknown as JsonObject
  const last = readLast(current)
  const found = schemaOf(resource)
  if (!found) return { contentType: 'application/merge-patch+json', body: mergePatch(last, next) }
  return {
    contentType: 'application/strategic-merge-patch+json',
    body: strategicPatch(found.schemas, found.schema, last, next),
  }
}

/** What tells how lists of a kind are merged. @returns undefined for one that a CustomResourceDefinition made */
export function schemaOf(resource: ApiResource): { schemas: Schemas; schema: Schema } | undefined {
  const kind = builtInKinds.find(
    ({ group, version, kind: name }) =>
      group === resource.group && version === resource.version && name === resource.kind,
  )
  if (!kind) return undefined
  const schemas = builtInSchemas()
  return { schemas, schema: resolveSchema(schemas, { $ref: kind.definition }) }
}

function readLast({ metadata }: KubeObject): JsonObject | undefined {
  const note = metadata.annotations?.[lastApplied]
  if (note === undefined) return undefined
  try {
    const last: unknown = JSON.parse(note)
    return isObject(last) ? withNote(last) : undefined
  } catch {
    // Somebody wrote something else there.
    return undefined
  }
}

/** The note is in what is applied, too: it is not to go. */
function withNote(last: JsonObject): JsonObject {
  const metadata = isObject(last['metadata']) ? last['metadata'] : {}
  const annotations = isObject(metadata['annotations']) ? metadata['annotations'] : {}
  return { ...last, metadata: { ...metadata, annotations } }
}

/** As Go writes JSON by default: fit for a web page. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
