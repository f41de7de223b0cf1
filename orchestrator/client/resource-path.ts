import type { Kind } from '../api/kind.ts'
import { builtInKinds } from '../api/kinds/groups.ts'
import type { KindName, ObjectName, Selection } from './client.ts'

/** What a path needs to know of a kind. */
export type PathKind = Pick<Kind, 'group' | 'version' | 'plural' | 'namespaced'>

let builtIn: Map<string, PathKind> | undefined

/** A kind that every server has; undefined for one that a CustomResourceDefinition makes. */
export function builtInPathKind({ apiVersion, kind }: KindName): PathKind | undefined {
  builtIn ??= new Map(
    builtInKinds.map((each) => [
      `${each.group === '' ? '' : `${each.group}/`}${each.version} ${each.kind}`,
      each,
    ]),
  )
  return builtIn.get(`${apiVersion} ${kind}`)
}

/** `/apis/apps/v1/namespaces/default/deployments/web/scale`. */
export function objectPath(
  kind: PathKind,
  { name, namespace }: Partial<ObjectName>,
  subresource?: string,
): string {
  const { group, version, plural } = kind
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const parts = [
    ...(kind.namespaced && namespace !== undefined && namespace !== ''
      ? ['namespaces', namespace]
      : []),
    plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ]
  return `${root}/${parts.map((part) => encodeURIComponent(part)).join('/')}`
}

/** The path of a collection, with its selectors and whatever else is asked. */
export function selectionPath(
  kind: PathKind,
  { namespace, labelSelector, fieldSelector }: Selection,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(more)
  if (labelSelector) query.set('labelSelector', labelSelector)
  if (fieldSelector) query.set('fieldSelector', fieldSelector)
  const text = query.toString()
  return `${objectPath(kind, { namespace })}${text === '' ? '' : `?${text}`}`
}
