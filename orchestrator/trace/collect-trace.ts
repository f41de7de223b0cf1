import { listAt, textAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import type { Client, KindName } from '../client/client.ts'
import type { Span } from './span.ts'

/** An object, all that it led to, and what was done to any of them. */
export interface Trace {
  readonly root: KubeObject
  /** `root` first. */
  readonly objects: readonly KubeObject[]
  /** Oldest first. */
  readonly spans: readonly Span[]
}

/** Kinds that others own, and those that tell where pods are reached. */
const ownedKinds: readonly KindName[] = [
  { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  { apiVersion: 'apps/v1', kind: 'ControllerRevision' },
  { apiVersion: 'batch/v1', kind: 'Job' },
  { apiVersion: 'v1', kind: 'Pod' },
]
const sliceKind = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }
const serviceKind = { apiVersion: 'v1', kind: 'Service' }
const endpointsKind = { apiVersion: 'v1', kind: 'Endpoints' }
const serviceLabel = 'kubernetes.io/service-name'
/** A request names so many objects at most: their uids are in its path. */
const uidsAtOnce = 100

/**
 * What the server remembers of an object and of everything that came of it.
 *
 * @param since milliseconds since 1970; absent: all that is remembered
 * @throws {StatusError} where there is no such object
 */
export async function collectTrace(
  client: Client,
  kind: KindName,
  of: { readonly name: string; readonly namespace?: string | undefined },
  since?: number,
): Promise<Trace> {
  const root = await client.get(kind, of)
  const { namespace } = root.metadata
  const found = namespace === undefined ? [root] : await relatives(client, root, namespace)
  const objects = found.map((object) => ({ ...object, ...(object === root ? kind : {}) }))
  const uids = objects.map(({ metadata }) => metadata.uid ?? '')
  const lists: Span[][] = []
  for (let at = 0; at < uids.length; at += uidsAtOnce) {
    const query = new URLSearchParams(uids.slice(at, at + uidsAtOnce).map((uid) => ['uid', uid]))
    if (since !== undefined) query.set('since', String(since))
    const answer = await client.request('GET', `/myorch/v1/spans?${query.toString()}`)
    lists.push((answer as { spans: Span[] }).spans)
  }
  return { root, objects, spans: lists.flat().toSorted((a, b) => a.startedAt - b.startedAt) }
}

/** The object itself, what it owns, what that owns, and the services and endpoints of its pods. */
async function relatives(
  client: Client,
  root: KubeObject,
  namespace: string,
): Promise<KubeObject[]> {
  const [slices, services, endpoints, ...others] = await Promise.all(
    [sliceKind, serviceKind, endpointsKind, ...ownedKinds].map(
      async (kind) => (await client.list(kind, { namespace })).items,
    ),
  )
  const owned = withOwned(root, others.flat())
  const uids = new Set(owned.map(({ metadata }) => metadata.uid))
  const isAbout = (slice: KubeObject): boolean =>
    listAt(slice, ['endpoints']).some((one) => uids.has(textAt(one, ['targetRef', 'uid'])))
  const names = new Set(
    (slices ?? [])
      .filter(isAbout)
      .map(({ metadata }) => metadata.labels?.[serviceLabel])
      .concat(root.kind === 'Service' ? [root.metadata.name] : []),
  )
  const more = [
    ...(services ?? []).filter(({ metadata }) => names.has(metadata.name)),
    ...(endpoints ?? []).filter(({ metadata }) => names.has(metadata.name)),
    ...(slices ?? []).filter(({ metadata }) => names.has(metadata.labels?.[serviceLabel])),
  ]
  return [...owned, ...more.filter(({ metadata }) => !uids.has(metadata.uid))]
}

/** By owner references, however deep. */
export function withOwned(root: KubeObject, objects: readonly KubeObject[]): KubeObject[] {
  const found = [root]
  const uids = new Set([root.metadata.uid])
  // Grows while it is gone through.
  for (const owner of found)
    for (const object of objects) {
      const { uid, ownerReferences = [] } = object.metadata
      if (uids.has(uid) || !ownerReferences.some((one) => one.uid === owner.metadata.uid)) continue
      uids.add(uid)
      found.push(object)
    }
  return found
}
