import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { failureText } from './session.ts'
import type { Session } from './session.ts'

export interface ProxyRules {
  /** Who may be asked for, so that no page that a browser shows can reach the API by a name of its own. */
  readonly acceptHosts: readonly RegExp[]
  readonly acceptPaths: readonly RegExp[]
  readonly rejectPaths: readonly RegExp[]
  readonly rejectMethods: readonly RegExp[]
  /** Below which path the API is. */
  readonly prefix: string
}

/** An HTTP server that asks the cluster's as whoever the session is. To be told where to listen. */
export function serveProxy(session: Session, rules: ProxyRules): Server {
  return createServer((request, response) => {
    void answer(session, rules, request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy()
      response.writeHead(502, { 'content-type': 'text/plain' }).end(`${failureText(error)}\n`)
    })
  })
}

async function answer(
  session: Session,
  rules: ProxyRules,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = request
  const path = url.replace(/\?.*$/s, '')
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  const matches = (patterns: readonly RegExp[], text: string): boolean =>
    patterns.some((pattern) => pattern.test(text))
  const isRefused =
    !matches(rules.acceptHosts, host) ||
    !matches(rules.acceptPaths, path) ||
    matches(rules.rejectPaths, path) ||
    matches(rules.rejectMethods, method)
  if (isRefused) return void response.writeHead(403).end('Forbidden')
  const prefix = rules.prefix.replace(/\/$/, '')
  if (!url.startsWith(`${prefix}/`)) return void response.writeHead(404).end('404 page not found\n')
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const hasBody = !['GET', 'HEAD', 'OPTIONS'].includes(method)
  const far = await session.pass({
    method,
    path: url.slice(prefix.length),
    signal: gone.signal,
    ...(hasBody ? { body: await buffer(request) } : {}),
    ...(headers['content-type'] === undefined ? {} : { contentType: headers['content-type'] }),
    accept: headers.accept ?? '*/*',
  })
  const kept = Object.entries(far.headers).filter(
    ([name]) => !['connection', 'keep-alive', 'transfer-encoding'].includes(name),
  )
  response.writeHead(far.statusCode ?? 502, Object.fromEntries(kept))
  // Watches begin with nothing.
  response.flushHeaders()
  await pipeline(far, response).catch(() => undefined)
}
