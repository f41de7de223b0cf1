import { setTimeout as wait } from 'node:timers/promises'
import { describeError } from '../../native/error.ts'
import type { KubeObject } from '../api/object.ts'
import type { Client, KindName, ObjectName, Selection, WatchEvent } from './client.ts'

/** Told of each change, in order. `previous` is what was known before: absent for what is new. Objects are not to be changed. */
export type ChangeListener = (
  object: KubeObject,
  isThere: boolean,
  previous: KubeObject | undefined,
) => void

/** All objects of a selection as they are now, kept so by a watch. */
export interface Informer {
  get(of: ObjectName): KubeObject | undefined
  /** Absent namespace: all. */
  list(namespace?: string): KubeObject[]
  /** Objects whose index function gave `value`; the index is made by `addIndex`. */
  byIndex(index: string, value: string): KubeObject[]
  addIndex(index: string, valuesOf: (object: KubeObject) => readonly string[]): void
  /** The listener hears of what is known already at once, as of new objects. */
  onChange(listener: ChangeListener): void
  /** Fulfilled when the first list is known and every listener has heard of it. Rejected when stopped before. */
  readonly synced: Promise<void>
  stop(): void
}

export interface InformerOptions {
  /** First and longest wait after a failure, milliseconds; it doubles. Absent: 200 and 10 000. */
  readonly firstWait?: number
  readonly longestWait?: number
  /** Told of each failure to list or watch. */
  readonly onProblem?: (what: string, error: unknown) => void
}

export function makeInformer(
  client: Client,
  kind: KindName,
  selection: Selection = {},
  options: InformerOptions = {},
): Informer {
  const cache = makeCache(kind)
  const stopping = new AbortController()
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>()
  // Nobody need wait for it.
  synced.catch(() => undefined)
  void follow({ client, kind, selection, options, cache, signal: stopping.signal, resolve })
  return {
    get: cache.get,
    list: cache.list,
    byIndex: cache.byIndex,
    addIndex: cache.addIndex,
    onChange: cache.onChange,
    synced,
    stop: () => {
      stopping.abort()
      reject(new Error(`stopped before ${kind.kind} was listed`))
    },
  }
}

interface Following {
  readonly client: Client
  readonly kind: KindName
  readonly selection: Selection
  readonly options: InformerOptions
  readonly cache: Cache
  readonly signal: AbortSignal
  readonly resolve: () => void
}

/** List, then watch from there; list again when the server has forgotten that revision. */
async function follow({ client, kind, selection, options, cache, signal, resolve }: Following) {
  const { firstWait = 200, longestWait = 10_000, onProblem = () => undefined } = options
  let revision: string | undefined
  let failures = 0
  const onEvent = (event: WatchEvent): void => {
    failures = 0
    revision = event.object.metadata.resourceVersion ?? revision
    if (!signal.aborted && event.type !== 'BOOKMARK')
      cache.put(event.object, event.type !== 'DELETED')
  }
  while (!signal.aborted)
    try {
      if (revision === undefined) {
        const { items, resourceVersion } = await client.list(kind, selection)
        if (signal.aborted) return
        cache.replace(items)
        revision = resourceVersion
        resolve()
      }
      await client.watch(kind, { ...selection, resourceVersion: revision, signal, onEvent })
    } catch (error) {
      if (signal.aborted) return
      // A watch that was cut goes on where it was; anything else begins anew.
      if (!isUnreachable(error)) revision = undefined
      onProblem(`watch ${kind.kind} (${describeError(error)})`, error)
      const delay = Math.min(longestWait, firstWait * 2 ** Math.min(failures++, 20))
      await wait(delay * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined)
    }
}

function isUnreachable(error: unknown): boolean {
  return (error as { status?: { code?: number } }).status?.code === 503
}

type Cache = ReturnType<typeof makeCache>

interface Index {
  readonly valuesOf: (object: KubeObject) => readonly string[]
  readonly keys: Map<string, Set<string>>
}

const keyOf = (namespace: string | undefined, name: string | undefined): string =>
  `${namespace ?? ''}/${name ?? ''}`

function makeCache(kind: KindName) {
  const objects = new Map<string, KubeObject>()
  const namespaces = new Map<string, Set<string>>()
  const indexes = new Map<string, Index>()
  const listeners: ChangeListener[] = []

  function file(key: string, object: KubeObject, isThere: boolean): void {
    const lists = [
      sets(namespaces, [object.metadata.namespace ?? '']),
      ...[...indexes.values()].map(({ valuesOf, keys }) => sets(keys, valuesOf(object))),
    ]
    for (const list of lists)
      for (const set of list)
        if (isThere) set.add(key)
        else set.delete(key)
  }

  function put(object: KubeObject, isThere: boolean): void {
    Object.assign(object, { apiVersion: kind.apiVersion, kind: kind.kind })
    const key = keyOf(object.metadata.namespace, object.metadata.name)
    const previous = objects.get(key)
    if (previous) file(key, previous, false)
    if (isThere) {
      objects.set(key, object)
      file(key, object, true)
    } else objects.delete(key)
    if (previous || isThere) for (const listener of listeners) listener(object, isThere, previous)
  }

  const pick = (keys: Iterable<string> | undefined): KubeObject[] =>
    [...(keys ?? [])].flatMap((key) => objects.get(key) ?? [])

  return {
    put,
    /** What is not in a new list is gone; what is as it was is no change. */
    replace: (items: readonly KubeObject[]) => {
      const left = new Map(objects)
      for (const item of items) {
        const key = keyOf(item.metadata.namespace, item.metadata.name)
        const before = left.get(key)
        left.delete(key)
        if (before?.metadata.uid !== item.metadata.uid && before) put(before, false)
        if (before?.metadata.resourceVersion !== item.metadata.resourceVersion) put(item, true)
      }
      for (const object of left.values()) put(object, false)
    },
    get: ({ name, namespace }: ObjectName) => objects.get(keyOf(namespace, name)),
    list: (namespace?: string) =>
      namespace === undefined ? [...objects.values()] : pick(namespaces.get(namespace)),
    byIndex: (index: string, value: string) => {
      const { keys } = indexes.get(index) ?? {}
      if (!keys) throw new Error(`no index ${index} of ${kind.kind}`)
      return pick(keys.get(value))
    },
    addIndex: (name: string, valuesOf: Index['valuesOf']) => {
      const index: Index = { valuesOf, keys: new Map() }
      indexes.set(name, index)
      for (const [key, object] of objects)
        for (const set of sets(index.keys, valuesOf(object))) set.add(key)
    },
    onChange: (listener: ChangeListener) => {
      listeners.push(listener)
      for (const object of objects.values()) listener(object, true, undefined)
    },
  }
}

function sets(map: Map<string, Set<string>>, names: readonly string[]): Set<string>[] {
  return names.map((name) => {
    const known = map.get(name)
    if (known) return known
    const made = new Set<string>()
    map.set(name, made)
    return made
  })
}
