import { setTimeout as delay } from 'node:timers/promises'
import type { KubeObject } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import type { Client, KindName, WatchEvent } from '../../client/client.ts'

// Single objects, each kept up to date by a watch of its own, as a node may: it is not allowed to list all secrets.

export interface ObjectCache {
  /** What is there now; asks the server the first time. @returns undefined where there is none */
  get(namespace: string, name: string): Promise<KubeObject | undefined>
  /** Give up watches of what nobody has read for a while. */
  forgetUnread(olderThanMs: number): void
  stop(): void
}

export interface ObjectCacheOptions {
  readonly client: Client
  readonly kind: KindName
  /** Something that was read before has changed, come, or gone. */
  readonly onChange?: (namespace: string, name: string) => void
  /** Before a watch that failed is begun again. Default 1000. */
  readonly retryMs?: number
}

interface Entry {
  readonly stopping: AbortController
  readonly ready: Promise<void>
  object: KubeObject | undefined
  readAt: number
}

export function makeObjectCache(options: ObjectCacheOptions): ObjectCache {
  const entries = new Map<string, Entry>()
  const forget = (key: string): void => {
    entries.get(key)?.stopping.abort()
    entries.delete(key)
  }
  return {
    async get(namespace, name) {
      const key = `${namespace}/${name}`
      let entry = entries.get(key)
      if (!entry) {
        entry = begin(options, namespace, name)
        entries.set(key, entry)
      }
      entry.readAt = performance.now()
      try {
        await entry.ready
      } catch (error) {
        if (entries.get(key) === entry) forget(key)
        throw error
      }
      return entry.object
    },
    forgetUnread(olderThanMs) {
      const limit = performance.now() - olderThanMs
      for (const [key, { readAt }] of entries) if (readAt < limit) forget(key)
    },
    stop() {
      for (const key of entries.keys()) forget(key)
    },
  }
}

function begin(options: ObjectCacheOptions, namespace: string, name: string): Entry {
  const stopping = new AbortController()
  const first = Promise.withResolvers<void>()
  const entry: Entry = { stopping, ready: first.promise, object: undefined, readAt: 0 }
  void keepUpToDate(options, entry, { namespace, name }, first)
  return entry
}

/** List, watch, and again when the watch ends; what was read last counts while the server is away. */
async function keepUpToDate(
  options: ObjectCacheOptions,
  entry: Entry,
  of: { namespace: string; name: string },
  first: PromiseWithResolvers<void>,
): Promise<void> {
  const { client, kind, onChange, retryMs = 1000 } = options
  const { signal } = entry.stopping
  const selection = { namespace: of.namespace, fieldSelector: `metadata.name=${of.name}` }
  const set = (object: KubeObject | undefined): void => {
    const before = entry.object?.metadata.resourceVersion
    entry.object = object
    if (isKnown && before !== object?.metadata.resourceVersion) onChange?.(of.namespace, of.name)
  }
  const onEvent = ({ type, object }: WatchEvent): void => {
    revision = object.metadata.resourceVersion ?? revision
    if (type !== 'BOOKMARK') set(type === 'DELETED' ? undefined : object)
  }
  let isKnown = false
  let revision: string | undefined
  while (!signal.aborted) {
    try {
      if (revision === undefined) {
        const list = await client.list(kind, selection)
        set(list.items[0])
        revision = list.resourceVersion
        isKnown = true
        first.resolve()
      }
      await client.watch(kind, { ...selection, resourceVersion: revision, signal, onEvent })
    } catch (error) {
      if (!isKnown) return first.reject(error)
      if (error instanceof StatusError && error.status.code === 410) revision = undefined
      else await delay(retryMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }
  first.reject(signal.reason)
}
