import type { IncomingMessage, RequestOptions } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { serviceUnavailable } from '../api/status-error.ts'
import type { Client } from './client.ts'
import { makeClient } from './make-client.ts'
import type { ClientOptions } from './make-client.ts'
import { readBytes } from './read-bytes.ts'
import type { ClientAnswer, ClientRequest, Transport } from './transport.ts'

/** Where a server is, and who one is to it. */
export interface ServerAddress {
  /** `https://10.0.0.1:6443` */
  readonly server: string
  /** PEM of the authorities that its certificate is checked with. */
  readonly authority: string
  /** PEM; with `key` the client's certificate. */
  readonly certificate?: string | undefined
  readonly key?: string | undefined
  /** Asked for each request, since tokens are rotated. */
  readonly token?: (() => string) | undefined
}

/** Milliseconds without an answer after which a request has failed; watches are not limited. */
const answerTimeout = 30_000
/** Milliseconds between probes of an idle connection: a server that is gone without a word is noticed. */
const keepAlive = 5000

export interface HttpClient extends Client {
  /** End idle connections; what is under way goes on. */
  close(): void
}

/** A client over TLS. Connections are kept; every watch has its own. */
export function makeHttpClient(address: ServerAddress, options?: ClientOptions): HttpClient {
  const { authority, certificate, key } = address
  const agent = new Agent({
    keepAlive: true,
    keepAliveMsecs: keepAlive,
    ca: authority,
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  })
  const transport = httpTransport(address, agent)
  return { ...makeClient(transport, options), close: () => agent.destroy() }
}

function httpTransport(address: ServerAddress, agent: Agent): Transport {
  // Read once: taking an address apart is a good part of what a small request costs.
  const { path: prefix, ...target } = urlToHttpOptions(new URL(address.server))
  const before = prefix === '/' ? '' : (prefix ?? '')
  const open = (request: ClientRequest, signal: AbortSignal | undefined, timeout: number) => {
    const path = `${before}${request.path}`
    return send(address, request, {
      ...target,
      path,
      agent,
      timeout,
      ...(signal ? { signal } : {}),
    })
  }
  return {
    send: async (request) => {
      const response = await open(request, undefined, answerTimeout)
      return readWhole(response)
    },
    stream: async (request, onLine, signal) => {
      if (signal.aborted) return undefined
      try {
        const response = await open(request, signal, 0)
        if (response.statusCode !== 200) return await readWhole(response)
        await readLines(response, onLine)
      } catch (error) {
        if (!signal.aborted) throw error
      }
      return undefined
    },
  }
}

function send(
  { server, token }: ServerAddress,
  { method, path, body, contentType }: ClientRequest,
  options: RequestOptions,
): Promise<IncomingMessage> {
  const bearer = token?.()
  const headers = {
    accept: 'application/json',
    'user-agent': 'myorch',
    ...(body === undefined
      ? {}
      : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  }
  return new Promise((resolve, reject) => {
    const attempt = (mayRepeat: boolean): void => {
      const request = httpsRequest({ ...options, method, headers }, resolve)
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The server had ended the idle connection that was taken for it, and has seen nothing of it.
        if (mayRepeat && request.reusedSocket && error.code === 'ECONNRESET') return attempt(false)
        reject(serviceUnavailable(`${method} ${server}${path}: ${error.message}`))
      })
      request.on('timeout', () => request.destroy(new Error('no answer in time')))
      // A connection of before may be dead without a word having come.
      request.on('socket', (socket) => socket.setKeepAlive(true, keepAlive))
      request.end(body)
    }
    // What makes something new would be made twice, were it seen after all.
    attempt(method !== 'POST')
  })
}

async function readWhole(response: IncomingMessage): Promise<ClientAnswer> {
  try {
    const body = (await readBytes(response)).toString()
    return { code: response.statusCode ?? 0, body }
  } catch (error) {
    throw serviceUnavailable(`read an answer: ${(error as Error).message}`)
  }
}

async function readLines(response: IncomingMessage, onLine: (line: string) => void): Promise<void> {
  response.setEncoding('utf8')
  let rest = ''
  try {
    for await (const piece of response) {
      const lines = `${rest}${piece as string}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    }
  } catch (error) {
    throw serviceUnavailable(`read a stream: ${(error as Error).message}`)
  }
}
