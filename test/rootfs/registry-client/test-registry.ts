import { createHash } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { Credential } from '../../../rootfs/credentials/credential.ts'
import {
  type RegistryClient,
  createRegistryClient,
} from '../../../rootfs/registry-client/registry-client.ts'

// A registry in memory that behaves, and a place to make it misbehave.

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

export interface TestRegistry {
  readonly host: string
  readonly blobs: Map<string, Buffer>
  /** By tag or digest. */
  readonly manifests: Map<string, { content: Buffer; type: string }>
  readonly uploads: Map<string, Buffer>
  readonly seen: SeenRequest[]
  /** Called first; true: it has answered, or will. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>
  /** A client that pauses for milliseconds only. */
  client(credential?: Credential): RegistryClient
}

export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

export async function startRegistry(t: Test): Promise<TestRegistry> {
  const registry: Omit<TestRegistry, 'host' | 'client'> = {
    blobs: new Map(),
    manifests: new Map(),
    uploads: new Map(),
    seen: [],
    intercept: () => false,
  }
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    registry.seen.push({ method, url, headers })
    void (async () => {
      if (await registry.intercept(request, response)) return
      await answer(registry, request, response)
    })().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const clients: RegistryClient[] = []
  t.teardown(() => {
    for (const client of clients) client.close()
    server.closeAllConnections()
    server.close()
  })
  return Object.assign(registry, {
    host,
    client(credential?: Credential) {
      const client = createRegistryClient({
        host,
        isInsecure: true,
        tls: () => ({ authorities: [], client: undefined, verify: false }),
        credential: () => Promise.resolve(credential),
        retry: { attempts: 6, firstMs: 2, longestMs: 5, patienceMs: 2000 },
        stallMs: 5000,
        onNote: () => undefined,
      })
      clients.push(client)
      return client
    },
  })
}

type State = Omit<TestRegistry, 'host' | 'client'>

async function answer(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '' } = request
  const url = new URL(request.url ?? '', 'http://test')
  const [, kind = '', name = ''] =
    /^\/v2\/.+?\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(url.pathname) ?? []
  if (kind === 'blobs') return sendBlob(state.blobs.get(name), request, response)
  if (kind === 'blobs/uploads') return upload(state, method, name, url, request, response)
  if (kind !== 'manifests')
    return void response.writeHead(url.pathname === '/v2/' ? 200 : 404).end()
  if (method === 'PUT') {
    const content = await readAll(request)
    const entry = { content, type: request.headers['content-type'] ?? '' }
    state.manifests.set(name, entry).set(digestOf(content), entry)
    return void response.writeHead(201, { 'docker-content-digest': digestOf(content) }).end()
  }
  const found = state.manifests.get(name)
  if (!found) return refuse(response, 404, 'MANIFEST_UNKNOWN')
  response.writeHead(200, {
    'content-type': found.type,
    'docker-content-digest': digestOf(found.content),
  })
  response.end(found.content)
}

/** With ranges. */
export function sendBlob(
  content: Buffer | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (!content) return refuse(response, 404, 'BLOB_UNKNOWN')
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? -1)
  if (from < 0) response.writeHead(200, { 'content-length': content.length })
  else
    response.writeHead(206, {
      'content-length': content.length - from,
      'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
    })
  response.end(request.method === 'HEAD' ? undefined : content.subarray(Math.max(from, 0)))
}

async function upload(
  { uploads, blobs }: State,
  method: string,
  id: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const own = method === 'POST' ? `u${uploads.size}` : id
  const before = uploads.get(own) ?? Buffer.alloc(0)
  // What has come is kept, also where the connection is cut.
  const content =
    method === 'GET' ? before : await keepAll(request, (all) => uploads.set(own, all), before)
  const headers = {
    location: `${url.pathname.replace(/uploads\/.*/, 'uploads/')}${own}`,
    range: `0-${Math.max(0, content.length - 1)}`,
  }
  if (method !== 'PUT') return void response.writeHead(method === 'GET' ? 204 : 202, headers).end()
  if (digestOf(content) !== url.searchParams.get('digest'))
    return refuse(response, 400, 'DIGEST_INVALID')
  blobs.set(digestOf(content), content)
  response.writeHead(201, { ...headers, 'docker-content-digest': digestOf(content) }).end()
}

async function keepAll(
  request: IncomingMessage,
  keep: (all: Buffer) => void,
  before: Buffer,
): Promise<Buffer> {
  let all = before
  keep(all)
  for await (const piece of request as AsyncIterable<Buffer>) {
    all = Buffer.concat([all, piece])
    keep(all)
  }
  return all
}

export async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}

export function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }))
}
