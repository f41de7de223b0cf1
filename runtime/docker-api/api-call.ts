// What a handler of the Docker Engine API gets, and what it gives back.

import type { Readable, Writable } from 'node:stream'
import type { Engine } from '../cli/engine.ts'
import type { EngineContext } from '../container/engine-context.ts'
import type { JsonObject } from './json-fields.ts'
import type { ExecInstances } from './exec-instances.ts'
import type { WaitingAttachments } from './waiting-attachments.ts'

/** What lives as long as the server. */
export interface ApiHost {
  readonly context: EngineContext
  readonly engine: Engine
  readonly executions: ExecInstances
  readonly attachments: WaitingAttachments
}

export interface ApiCall extends ApiHost {
  /** Of the path, decoded, in the order of the pattern's stars. */
  readonly parameters: readonly string[]
  readonly query: URLSearchParams
  readonly header: (name: string) => string | undefined
  /** The body as JSON; an absent one is an empty object. @throws {OperationError} `INVALID_ARGUMENT` */
  readonly json: () => Promise<JsonObject>
  /** The body as it comes. */
  readonly input: Readable
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

/** Both directions of a connection that a handler has taken over. */
export interface TakenOver {
  readonly input: Readable
  readonly output: Writable
}

export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly status: number
      readonly body: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Sent as it is made; its head goes out at once. */
  | {
      readonly stream: AsyncIterable<string | Uint8Array>
      readonly type: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** 101 where the client asks for an upgrade, else an answer without end. */
  | {
      readonly takeOver: (connection: TakenOver) => Promise<void>
      readonly type: string
      /** By messages of a WebSocket, which the client must have asked for. */
      readonly isWebSocket?: true
    }

export type Handler = (call: ApiCall) => Promise<Answer> | Answer

/** Method, path without a version in which a star is one parameter (two: all that follows), handler. */
export type Route = readonly [method: string, pattern: string, handler: Handler]

export const noContent = { status: 204 } as const
export const notModified = { status: 304 } as const

export function ok(body: unknown, status = 200): Answer {
  return { status, body }
}
