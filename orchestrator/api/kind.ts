import type { KubeObject } from './object.ts'
import type { Column } from './print/column.ts'

/** A part of an object that has a path of its own, like `pods/status`. */
export interface Subresource {
  readonly name: string
  readonly verbs: readonly string[]
  /** What its bodies are, where that is not the kind itself. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string }
}

/** Everything the generic parts of the server must know of one kind in one version. */
export interface Kind {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly subresources: readonly Subresource[]
  /** Name of the schema; absent for a kind that carries its own. */
  readonly definition: string
  /** Where objects are kept: kinds that show the same objects share it. */
  readonly storage: string
  /** Field selector → path in the object; `metadata.name` and `metadata.namespace` are understood always. */
  readonly selectable: readonly string[]
  /** Whether `metadata.generation` counts the changes of what is wanted. */
  readonly generation: boolean
  /** Whether a client may set the status when it makes an object. */
  readonly statusOnCreate: boolean
  /** It comes from a CustomResourceDefinition. */
  readonly isCustom?: boolean
  /** The columns of its table, where they come with the kind. */
  readonly columns?: readonly Column[]
  /** What is stored is another version of it. */
  readonly conversion?: Conversion
}

export interface Conversion {
  /** @param stored what there is, whose fields that this version does not have are to stay */
  toStored(object: KubeObject, stored?: KubeObject): KubeObject
  fromStored(object: KubeObject): KubeObject
}

/** `v1`, `apps/v1`: as `apiVersion` has it. */
export function apiVersionOf({ group, version }: { group: string; version: string }): string {
  return group === '' ? version : `${group}/${version}`
}

/** `deployments.apps`, `pods`: how messages call a resource. */
export function qualifiedResource({ plural, group }: Pick<Kind, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** `Deployment.apps`, `Pod`: how validation messages call a kind. */
export function qualifiedKind({ kind, group }: Pick<Kind, 'kind' | 'group'>): string {
  return group === '' ? kind : `${kind}.${group}`
}

export function findSubresource(kind: Kind, name: string): Subresource | undefined {
  return kind.subresources.find((subresource) => subresource.name === name)
}
