import type { Test } from 'tap'
import { makeApiServer } from '../../../orchestrator/server/api-server.ts'
import type { ApiServer, ApiServerOptions } from '../../../orchestrator/server/api-server.ts'
import type { ApiResponse } from '../../../orchestrator/server/http-message.ts'
import { openTemporaryStore } from '../store/sqlite/temporary-store.ts'
import type { Store } from '../../../orchestrator/store/store.ts'

export interface Answer {
  readonly code: number
  // Whatever the server said; tests look at single fields.
  readonly body: Record<string, unknown>
  readonly warnings: readonly string[]
  readonly response: ApiResponse
}

export interface ApiUnderTest {
  readonly server: ApiServer
  readonly store: Store
  readonly send: (
    method: string,
    target: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>
}

/** The API over a store of its own, without sockets; requests are an administrator's. */
export async function openApi(t: Test, options?: ApiServerOptions): Promise<ApiUnderTest> {
  const { store, remove } = await openTemporaryStore()
  t.teardown(remove)
  const server = await makeApiServer(store, options)
  return {
    server,
    store,
    send: async (method, target, body, headers = {}) => {
      const [path, query] = target.split('?')
      const warnings: string[] = []
      const bytes = Buffer.isBuffer(body)
        ? body
        : Buffer.from(
            body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
          )
      const response = await server.handle({
        method,
        path: path!,
        query: new URLSearchParams(query ?? ''),
        headers: { 'content-type': 'application/json', ...headers },
        body: async () => bytes,
        user: { name: 'admin', groups: ['system:masters'] },
        warnings,
      })
      const text = 'body' in response ? response.body.toString() : '{}'
      const isJson = response.headers['content-type'] === 'application/json'
      return {
        code: response.code,
        body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text },
        warnings,
        response,
      }
    },
  }
}

export interface Watching {
  /** Events so far. */
  readonly events: { type: string; object: Record<string, unknown> }[]
  until(count: number): Promise<void>
  close(): void
}

/** Read the stream of a watch. */
export function readWatch(response: ApiResponse): Watching {
  if (!('stream' in response)) throw new Error('no watch')
  const events: Watching['events'] = []
  let wake: () => void = () => undefined
  const listeners: (() => void)[] = []
  response.stream({
    write: (chunk) => {
      events.push(JSON.parse(chunk.toString()) as Watching['events'][number])
      wake()
      return true
    },
    end: () => undefined,
    onDrain: () => undefined,
    onClose: (listener) => void listeners.push(listener),
  })
  return {
    events,
    until: async (count) => {
      while (events.length < count) await new Promise<void>((resolve) => (wake = resolve))
    },
    close: () => {
      for (const listener of listeners) listener()
    },
  }
}
