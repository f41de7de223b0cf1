import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { OperationError } from '../../native/error.ts'
import type { Answer, ApiCall, ApiHost } from './api-call.ts'
import { errorAnswer } from './api-error.ts'
import { type JsonObject, objectOf } from './json-fields.ts'
import {
  type Match,
  apiVersion,
  compareVersions,
  matchRoute,
  oldestApiVersion,
  splitVersion,
} from './match-route.ts'
import { routes } from './routes.ts'

/** Sent with every answer: clients choose the version by it. */
export const standingHeaders: Readonly<Record<string, string>> = {
  'Api-Version': apiVersion,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: 'Docker/mycontainer (linux)',
}

/** Answer one request. Never throws. */
export async function respond(
  host: ApiHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  response.on('error', () => gone.abort())
  for (const [name, value] of Object.entries(standingHeaders)) response.setHeader(name, value)
  try {
    const answer = await answerTo(host, request, request, gone.signal)
    await send(answer, request, response)
  } catch (error) {
    sendError(response, error)
  }
}

/** @param input the body: of an upgrade, it is not where it used to be */
export async function answerTo(
  host: ApiHost,
  request: IncomingMessage,
  input: Readable,
  signal: AbortSignal,
): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://docker')
  const { handler, parameters } = routeOf(request.method ?? 'GET', url.pathname)
  const call: ApiCall = {
    ...host,
    parameters,
    query: url.searchParams,
    header(name) {
      const value = request.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    json: () => readJson(input),
    input,
    signal,
  }
  return handler(call)
}

function routeOf(method: string, pathname: string): Match {
  const { path, version } = splitVersion(pathname)
  if (version !== undefined && compareVersions(version, apiVersion) > 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `client version ${version} is too new. Maximum supported API version is ${apiVersion}`,
    )
  if (version !== undefined && compareVersions(version, oldestApiVersion) < 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `client version ${version} is too old. Minimum supported API version is ${oldestApiVersion}, please upgrade your client to a newer version`,
    )
  const found = matchRoute(routes, method, path)
  if (found === undefined || found === 'wrong method')
    throw new OperationError('NOT_FOUND', found ? `${method} is not for ${path}` : 'page not found')
  return found
}

/** Larger than any description of a container. */
const maximumBodyBytes = 4 * 1024 * 1024

async function readJson(input: Readable): Promise<JsonObject> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maximumBodyBytes)
      throw new OperationError('INVALID_ARGUMENT', 'read the body of a request', {
        maximumBodyBytes,
      })
  }
  const text = Buffer.concat(chunks).toString('utf8').trim()
  if (text === '') return {}
  try {
    return objectOf(JSON.parse(text), 'the body')
  } catch (cause) {
    if (cause instanceof OperationError) throw cause
    throw new OperationError('INVALID_ARGUMENT', 'read the body of a request', {}, { cause })
  }
}

async function send(
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if ('takeOver' in answer) {
    response.writeHead(200, { 'Content-Type': answer.type })
    response.flushHeaders()
    await answer.takeOver({ input: request, output: response })
    return
  }
  if ('stream' in answer) {
    response.writeHead(200, { 'Content-Type': answer.type, ...answer.headers })
    response.flushHeaders()
    if (request.method === 'HEAD') return void response.end()
    try {
      await pipeline(Readable.from(answer.stream, { objectMode: true }), response)
    } catch {
      // Begun, it can only be broken off.
      response.destroy()
    }
    return
  }
  if (!('body' in answer)) {
    response.writeHead(answer.status, answer.headers)
    response.end()
    return
  }
  const text = typeof answer.body === 'string' ? answer.body : `${JSON.stringify(answer.body)}\n`
  response.writeHead(answer.status, {
    'Content-Type':
      typeof answer.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    'Content-Length': Buffer.byteLength(text),
    ...answer.headers,
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  const { status, message } = errorAnswer(error)
  const text = `${JSON.stringify({ message })}\n`
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    // Of a body that is not read to its end nothing may follow.
    ...(response.req.complete ? {} : { Connection: 'close' }),
  })
  response.end(text)
}
