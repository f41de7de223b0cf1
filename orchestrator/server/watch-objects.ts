import { hasCode } from '../../native/error.ts'
import { apiVersionOf } from '../api/kind.ts'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import type { Selector } from '../api/selectors.ts'
import { expired } from '../api/status-error.ts'
import type { Store, StoreEvent, StoreWatch } from '../store/store.ts'
import type { Sink, StreamResponse } from './http-message.ts'
import { keyPrefix, readObject } from './object-storage.ts'
import { everything, listObjects } from './list-objects.ts'
import { renderObject } from './render.ts'
import type { RenderOptions } from './render.ts'

export interface WatchRequest {
  readonly namespace: string | undefined
  readonly select: Selector | undefined
  /** Absent or zero: what there is first, then what happens. */
  readonly revision: number | undefined
  readonly bookmarks: boolean
  /** End what there is first with a bookmark that says so. */
  readonly initialEvents: boolean
  readonly timeoutMs: number
  readonly render: RenderOptions
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED'

const bookmarkEveryMs = 60_000

/** A reader who leaves more than this unread is cut off; it comes back with the revision it has. */
const mostUnreadWrites = 10_000

/** What a change of the store is to somebody who sees only selected objects. */
export function selectEvent(
  kind: Kind,
  event: StoreEvent,
  select: Selector | undefined,
): { type: EventType; object: KubeObject } | undefined {
  const { previous } = event
  const readPrevious = () => previous && readObject(kind, previous.value, event.revision)
  // An object that goes is shown as it was, with the revision of its going.
  if (event.type === 'delete') {
    const before = readPrevious()
    return before && (!select || select(before)) ? { type: 'DELETED', object: before } : undefined
  }
  const object = readObject(kind, event.value, event.revision)
  const before = select ? readPrevious() : undefined
  const was = select ? before !== undefined && select(before) : previous !== undefined
  const is = !select || select(object)
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object }
  return was ? { type: 'DELETED', object } : undefined
}

/** @throws StatusError 410 when changes after the revision are compacted */
export async function watchObjects(
  store: Store,
  kind: Kind,
  request: WatchRequest,
): Promise<StreamResponse> {
  const { namespace, select } = request
  const fromNow = request.revision === undefined || request.revision === 0
  const all = { ...everything, namespace, select }
  const initial = fromNow || request.initialEvents ? await listObjects(store, kind, all) : undefined
  const after = initial ? Number(initial.resourceVersion) : request.revision!
  // Subscribed before the response begins, so that "too old" is still a status code.
  const waiting: StoreEvent[] = []
  let deliver = (events: readonly StoreEvent[]): void => {
    waiting.push(...events)
  }
  const watch = await subscribe(store, keyPrefix(kind, namespace), after, (events) =>
    deliver(events),
  )
  return {
    code: 200,
    headers: { 'content-type': 'application/json' },
    stream: (sink) => {
      const writer = makeWriter(kind, request, sink, watch)
      for (const object of initial?.items ?? []) writer.write('ADDED', object)
      if (request.initialEvents) writer.bookmark(after, true)
      writer.deliver(waiting)
      deliver = writer.deliver
      writer.start(store)
    },
  }
}

async function subscribe(
  store: Store,
  prefix: string,
  after: number,
  onEvents: (events: readonly StoreEvent[]) => void,
): Promise<StoreWatch> {
  try {
    return await store.watch(prefix, after, { onEvents })
  } catch (error) {
    if (hasCode(error, 'EXPIRED')) throw expired(`too old resource version: ${after}`)
    // A revision that is still to come, as after a restore: the client must list again.
    if (hasCode(error, 'INVALID_ARGUMENT')) throw expired(`unknown resource version: ${after}`)
    throw error
  }
}

function makeWriter(kind: Kind, request: WatchRequest, sink: Sink, watch: StoreWatch) {
  let unread = 0
  let ended = false
  const timers: NodeJS.Timeout[] = []

  function end(): void {
    if (ended) return
    ended = true
    watch.stop()
    for (const timer of timers) clearInterval(timer)
    sink.end()
  }

  function send(document: object): void {
    if (ended) return
    if (sink.write(`${JSON.stringify(document)}\n`)) unread = 0
    else if (++unread > mostUnreadWrites) end()
  }

  const write = (type: EventType, object: KubeObject) =>
    send({ type, object: renderObject(kind, object, request.render) })

  function bookmark(revision: number, initialEnd: boolean): void {
    const annotations = initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
    const metadata = { resourceVersion: String(revision), ...annotations }
    const object = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata } as KubeObject
    const { as } = request.render.representation
    const shown =
      as === 'object' ? object : { ...renderObject(kind, object, request.render), rows: [] }
    send({
      type: 'BOOKMARK',
      object: as === 'metadata' ? renderObject(kind, object, request.render) : shown,
    })
  }

  function deliver(events: readonly StoreEvent[]): void {
    for (const event of events) {
      const selected = selectEvent(kind, event, request.select)
      if (selected) write(selected.type, selected.object)
    }
  }

  return {
    write,
    bookmark,
    deliver,
    start: (store: Store) => {
      sink.onClose(end)
      const tell = () =>
        void store.currentRevision().then((revision) => bookmark(revision, false), end)
      if (request.bookmarks) timers.push(setInterval(tell, bookmarkEveryMs))
      timers.push(setTimeout(end, request.timeoutMs))
      for (const timer of timers) timer.unref()
    },
  }
}
