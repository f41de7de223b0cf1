import { type ProcessStreams, openStreams } from '../api/attached-process.ts'
import type { EndOutcome } from '../container/zygote.ts'
import type { TakenOver } from './api-call.ts'
import { type JoinWish, joinStreams } from './join-streams.ts'

// Docker's clients attach to a container before they start it.

interface Waiting {
  readonly connection: TakenOver
  readonly wish: JoinWish
  readonly done: () => void
}

/** Clients that wait for the start of a container, for the one who starts it. */
export interface ReadyAttachments {
  readonly count: number
  /** The program is about to be executed: its monitor listens. */
  connect(stateFolder: string): void
  /** It runs. */
  run(ended: Promise<EndOutcome | undefined>): void
  /** It does not. */
  fail(): void
}

export interface WaitingAttachments {
  /** @returns when the connection is done with */
  add(container: string, connection: TakenOver, wish: JoinWish): Promise<void>
  /** Everybody who waits for this container. */
  take(container: string): ReadyAttachments
}

export function createWaitingAttachments(): WaitingAttachments {
  const waiting = new Map<string, Set<Waiting>>()
  return {
    add(container, connection, wish) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const entry: Waiting = { connection, wish, done: resolve }
      const entries = waiting.get(container) ?? new Set()
      waiting.set(container, entries.add(entry))
      connection.output.once('close', () => {
        entries.delete(entry)
        if (entries.size === 0 && waiting.get(container) === entries) waiting.delete(container)
        resolve()
      })
      return promise
    },
    take(container) {
      const entries = [...(waiting.get(container) ?? [])]
      waiting.delete(container)
      return ready(entries)
    },
  }
}

function ready(entries: readonly Waiting[]): ReadyAttachments {
  const started = Promise.withResolvers<EndOutcome | undefined>()
  started.promise.catch(() => undefined)
  let isConnected = false
  const fail = (): void => {
    started.resolve(undefined)
    for (const { connection, done } of entries) {
      connection.output.end()
      done()
    }
  }
  return {
    count: entries.length,
    connect(stateFolder) {
      isConnected = true
      for (const { connection, wish, done } of entries) {
        const streams: ProcessStreams = openStreams(stateFolder, wish)
        void joinStreams(streams, started.promise, connection, wish).catch(fail).finally(done)
      }
    },
    run(ended) {
      started.resolve(ended)
      if (!isConnected) fail()
    },
    fail,
  }
}
