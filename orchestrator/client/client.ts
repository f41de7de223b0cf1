// How every part of the cluster speaks to the API: controllers in the server's own process and agents
// over TLS see the same interface, and nothing else of the server.
import type { JsonObject, KubeObject } from '../api/object.ts'

/** Which kind: `apps/v1` and `Deployment`. */
export interface KindName {
  readonly apiVersion: string
  readonly kind: string
}

/** Which object of a kind. */
export interface ObjectName {
  readonly name: string
  /** Absent for kinds of the cluster. */
  readonly namespace?: string | undefined
}

export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined
  /** As on the wire: `app=web,tier!=cache`. */
  readonly labelSelector?: string | undefined
  /** As on the wire: `spec.nodeName=dev-1`. */
  readonly fieldSelector?: string | undefined
}

export interface ObjectList {
  readonly items: KubeObject[]
  /** From where a watch goes on. */
  readonly resourceVersion: string
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: KubeObject
}

export interface WatchRequest extends Selection {
  readonly resourceVersion: string
  readonly signal: AbortSignal
  readonly onEvent: (event: WatchEvent) => void
}

/** All failures are `StatusError`s, with the reason and code of the server; what never reached it is a `ServiceUnavailable`. */
export interface Client {
  get(kind: KindName, of: ObjectName): Promise<KubeObject>
  list(kind: KindName, selection?: Selection): Promise<ObjectList>
  /** @returns when the watch ended: by the signal, or because the server closed it @throws StatusError 410 when the revision is too old */
  watch(kind: KindName, request: WatchRequest): Promise<void>
  /** With `subresource`, like `binding` or `eviction` of the object named, `object` is the body. */
  create(
    object: KubeObject,
    subresource?: { readonly of: KindName; readonly name: string },
  ): Promise<KubeObject>
  /** The whole object, at the revision that it carries. */
  update(object: KubeObject, subresource?: string): Promise<KubeObject>
  patch(
    kind: KindName,
    of: ObjectName,
    type: PatchType,
    body: JsonObject | JsonObject[],
    subresource?: string,
  ): Promise<KubeObject>
  delete(kind: KindName, of: ObjectName, options?: DeleteOptions): Promise<void>
  /** Any path of the server, like `/myorch/v1/decisions/default/web`; JSON in and out. */
  request(method: string, path: string, body?: unknown): Promise<unknown>
}
