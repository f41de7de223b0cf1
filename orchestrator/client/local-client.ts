import type { ApiServer } from '../server/api-server.ts'
import type { ApiRequest, User } from '../server/http-message.ts'
import type { Client } from './client.ts'
import { makeClient } from './make-client.ts'
import type { ClientOptions } from './make-client.ts'
import type { ClientAnswer, ClientRequest, Transport } from './transport.ts'

/** A client in the server's own process: the same authorization and admission as over the network, without a socket. */
export function makeLocalClient(api: ApiServer, user: User, options?: ClientOptions): Client {
  return makeClient(localTransport(api, user), options)
}

function localTransport(api: ApiServer, user: User): Transport {
  return {
    send: async (request) => {
      const answer = await api.handle(toRequest(request, user))
      if ('body' in answer) return { code: answer.code, body: answer.body.toString() }
      throw new Error(`${request.method} ${request.path}: a stream where a document was expected`)
    },
    stream: async (request, onLine, signal) => {
      const answer = await api.handle(toRequest(request, user))
      if ('body' in answer) return { code: answer.code, body: answer.body.toString() }
      if (!('stream' in answer)) throw new Error(`${request.path}: no stream`)
      return readStream((sink) => answer.stream(sink), onLine, signal)
    },
  }
}

function readStream(
  stream: (sink: import('../server/http-message.ts').Sink) => void,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<ClientAnswer | undefined> {
  return new Promise((resolve) => {
    const closeListeners: (() => void)[] = []
    let isOpen = true
    const close = (): void => {
      isOpen = false
      for (const listener of closeListeners) listener()
      resolve(undefined)
    }
    stream({
      // One call a line: what watches write is never cut.
      write: (chunk) => {
        if (isOpen) onLine(chunk.toString())
        return true
      },
      end: close,
      onDrain: () => undefined,
      onClose: (listener) => void closeListeners.push(listener),
    })
    if (signal.aborted) close()
    else signal.addEventListener('abort', close, { once: true })
  })
}

function toRequest({ method, path, body, contentType }: ClientRequest, user: User): ApiRequest {
  const [pathname = '/', query = ''] = path.split('?')
  const bytes = Buffer.from(body ?? '')
  return {
    method,
    path: pathname,
    query: new URLSearchParams(query),
    headers: {
      accept: 'application/json',
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    body: async () => bytes,
    user,
    warnings: [],
  }
}
