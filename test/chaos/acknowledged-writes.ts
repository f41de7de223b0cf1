import type { Test } from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { StatusError } from '../../orchestrator/api/status-error.ts'
import type { Client, WatchEvent } from '../../orchestrator/client/client.ts'
import { untilReachable } from '../../orchestrator/client/until-reachable.ts'
import { pick } from './random.ts'
import type { Random } from './random.ts'

// Writers who remember what was acknowledged, and a watcher who remembers what it was told.

const kind = { apiVersion: 'v1', kind: 'ConfigMap' }
const namespace = 'default'
const keysOfWriter = 8

export interface WritingLoad {
  /** @returns how many writes were acknowledged, when the last of them was answered */
  stop(): Promise<number>
  /** What was acknowledged is there, and the watch was told of it once, in order. */
  check(t: Test): Promise<void>
}

/** What a key may hold: after a write without an answer that or what was there before; undefined is nothing. */
type Possible = readonly (number | undefined)[]

interface Writer {
  readonly states: Map<string, Possible>
  /** Revisions of acknowledged writes, with the key of each. */
  readonly revisions: Map<string, string>
  acknowledged: number
  readonly surprises: string[]
}

/** Objects are created, counted up and deleted by `count` writers, each with names of its own. */
export function startWriting(client: Client, random: Random, count: number): WritingLoad {
  const stopping = new AbortController()
  const { signal } = stopping
  const watch = watchMaps(client)
  const writers = Array.from({ length: count }, (): Writer => ({
    states: new Map(),
    revisions: new Map(),
    acknowledged: 0,
    surprises: [],
  }))
  const write = async (writer: Writer, at: number): Promise<void> => {
    await watch.begun
    while (!signal.aborted) {
      const name = `map-${at}-${Math.floor(random() * keysOfWriter)}`
      await writeOnce(client, writer, name, pick(random, ['count', 'count', 'delete']))
    }
  }
  const running = Promise.all(writers.map(write))
  return {
    stop: async () => {
      stopping.abort()
      await running
      return writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
    },
    check: async (t) => {
      const never = new AbortController().signal
      const { items, resourceVersion } = await untilReachable(
        () => client.list(kind, { namespace }),
        never,
      )
      const stored = new Map(items.map((map) => [map.metadata.name ?? '', valueOf(map)]))
      const lost = writers.flatMap(({ states }) =>
        [...states].filter(([name, possible]) => !possible.includes(stored.get(name))),
      )
      t.strictSame(lost, [], 'what was acknowledged is there')
      t.strictSame(
        writers.flatMap(({ surprises }) => surprises),
        [],
        'nobody else wrote',
      )
      await watch.until(resourceVersion)
      const seen = watch.stop()
      const order = seen.map(({ object }) => Number(object.metadata.resourceVersion))
      t.ok(
        order.every((revision, index) => index === 0 || revision > (order[index - 1] ?? 0)),
        'the watch told each change once, in order',
      )
      const told = new Set(order.map(String))
      const missed = writers.flatMap(({ revisions }) =>
        [...revisions].filter(([revision]) => !told.has(revision)),
      )
      t.strictSame(missed, [], 'the watch told of every acknowledged write')
    },
  }
}

const valueOf = (map: KubeObject): number => Number((map['data'] as { at: string }).at)

async function writeOnce(
  client: Client,
  writer: Writer,
  name: string,
  verb: 'count' | 'delete',
): Promise<void> {
  const possible = writer.states.get(name) ?? [undefined]
  const [known] = possible
  const metadata = { name, namespace }
  const next = verb === 'delete' ? undefined : (known ?? 0) + 1
  try {
    if (possible.length > 1) return await learn(client, writer, name)
  } catch {
    return pauseShortly()
  }
  try {
    if (next === undefined) {
      if (known === undefined) return
      await client.delete(kind, metadata)
    } else {
      const object = { ...kind, metadata, data: { at: `${next}` } }
      const made = await (known === undefined ? client.create(object) : client.update(object))
      writer.revisions.set(made.metadata.resourceVersion ?? '', name)
    }
    writer.states.set(name, [next])
    writer.acknowledged++
  } catch (error) {
    // Nobody answered: it may have been done all the same. Everything else says that it was not.
    const code = error instanceof StatusError ? error.status.code : 0
    if (code < 500) writer.surprises.push(`${verb} ${name}: ${String(error)}`)
    writer.states.set(name, [known, next])
    await pauseShortly()
  }
}

const pauseShortly = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

/** After a write without an answer. */
async function learn(client: Client, writer: Writer, name: string): Promise<void> {
  const found = await client.get(kind, { name, namespace }).then(valueOf, (error: unknown) => {
    if (error instanceof StatusError && error.status.code === 404) return undefined
    throw error
  })
  const possible = writer.states.get(name) ?? []
  if (!possible.includes(found))
    writer.surprises.push(`${name} is ${found}, not ${possible.join(' or ')}`)
  writer.states.set(name, [found])
}

/** A client that resumes its watch where it was cut off, and nothing else. */
function watchMaps(client: Client): {
  /** Fulfilled when every change from now on is to be told. */
  readonly begun: Promise<void>
  until(revision: string): Promise<void>
  stop(): WatchEvent[]
} {
  const stopping = new AbortController()
  const { signal } = stopping
  const seen: WatchEvent[] = []
  const begun = Promise.withResolvers<void>()
  let last = ''
  const heard = (event: WatchEvent): void => {
    last = event.object.metadata.resourceVersion ?? last
    if (event.type !== 'BOOKMARK') seen.push(event)
  }
  void (async () => {
    last = (await untilReachable(() => client.list(kind, { namespace }), signal)).resourceVersion
    begun.resolve()
    while (!signal.aborted)
      await untilReachable(
        () => client.watch(kind, { namespace, resourceVersion: last, signal, onEvent: heard }),
        signal,
      )
  })().catch(begun.reject)
  return {
    begun: begun.promise,
    until: async (revision) => {
      const deadline = performance.now() + 10_000
      // The last change of the kind may be older than the revision of the list: ask for one more.
      while (Number(last) < Number(revision) && performance.now() < deadline) {
        const metadata = { name: `mark-${performance.now()}`, namespace }
        await client.create({ ...kind, metadata, data: {} }).catch(() => undefined)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    stop: () => {
      stopping.abort()
      return seen
    },
  }
}
