import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import t, { type Test } from 'tap'
import { runServer } from '../../../orchestrator/server/run-server.ts'

const maps = '/api/v1/namespaces/default/configmaps'

interface Credentials {
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
}

function readCredentials(path: string): Credentials {
  const config = JSON.parse(readFileSync(path, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[]
    users: { user: Record<string, string> }[]
  }
  const decode = (value: string | undefined) => Buffer.from(value ?? '', 'base64')
  const { user } = config.users[0]!
  return {
    ca: decode(config.clusters[0]!.cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  }
}

async function start(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'listen-'))
  const server = await runServer({
    dataDir: folder,
    host: '127.0.0.1',
    port: 0,
    controls: false,
    schedules: false,
  })
  const credentials = readCredentials(server.kubeconfig)
  const session = connect(server.url, credentials)
  t.teardown(async () => {
    session.destroy()
    await server.close()
    rmSync(folder, { recursive: true })
  })
  return { server, credentials, session }
}

/** A request over HTTP/2, whose answer has begun. */
async function open(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body = '') {
  const stream = session.request(headers)
  if (headers[':method'] === 'POST') stream.end(body)
  const [answer] = (await once(stream, 'response')) as [Record<string, unknown>]
  return { stream, code: answer[':status'], answer }
}

async function send(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body = '') {
  const { stream, code, answer } = await open(session, headers, body)
  return { code, answer, body: await text(stream) }
}

const create = (name: string) =>
  [
    { ':method': 'POST', ':path': maps, 'content-type': 'application/json' },
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }),
  ] as const

t.test('both versions of HTTP on one port', async (t) => {
  const { server, credentials, session } = await start(t)
  t.match(await send(session, { ':path': '/readyz' }), { code: 200, body: 'ok' })
  const request = httpsRequest(`${server.url}/readyz`, { ...credentials, agent: false })
  request.end()
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  t.same([response.httpVersion, response.statusCode, await text(response)], ['1.1', 200, 'ok'])
})

t.test('who has no certificate is nobody', async (t) => {
  const { server, credentials } = await start(t)
  const session = connect(server.url, { ca: credentials.ca })
  t.teardown(() => session.destroy())
  t.match(await send(session, { ':path': maps }), { code: 403, body: /system:anonymous/ })
  t.match(await send(session, { ':path': maps, authorization: 'Bearer x' }), { code: 401 })
})

t.test('what is too large is refused', async (t) => {
  const { session } = await start(t)
  const [headers] = create('a')
  t.match(await send(session, headers, 'x'.repeat(4 * 1024 * 1024)), { code: 413 })
  t.match(await send(session, { ':path': '/readyz' }), { code: 200 })
})

t.test('warnings arrive as headers', async (t) => {
  const { session } = await start(t)
  const [headers, body] = create('a')
  const answer = await send(session, headers, body.replace('{', '{"odd":1,'))
  t.match(answer, { code: 201, answer: { warning: '299 - "unknown field \\"odd\\""' } })
})

t.test('a watch tells at once, and clients that vanish harm nobody', async (t) => {
  const { server, credentials, session } = await start(t)
  const others = [1, 2, 3, 4, 5].map(() => connect(server.url, credentials))
  const watches: ClientHttp2Stream[] = []
  for (const other of others) {
    other.on('error', () => undefined)
    const { stream } = await open(other, { ':path': `${maps}?watch=true` })
    watches.push(stream.on('error', () => undefined))
  }
  const cut = others[0]!.request({ ...create('never')[0], 'content-length': '100' })
  cut.on('error', () => undefined)
  cut.write('{')
  for (const other of others.slice(0, 4)) other.destroy()
  const told = once(watches[4]!, 'data') as Promise<[Buffer]>
  t.match(await send(session, ...create('a')), { code: 201 })
  t.match((await told)[0].toString(), /"type":"ADDED".*"name":"a"/)
  others[4]!.destroy()
  t.match(await send(session, ...create('b')), { code: 201 })
})

t.test('what is large is compressed for who can read it', async (t) => {
  const { session } = await start(t)
  const large = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'large' } }
  const body = JSON.stringify({ ...large, data: { a: 'x'.repeat(300_000) } })
  await send(
    session,
    { ':method': 'POST', ':path': maps, 'content-type': 'application/json' },
    body,
  )
  const path = { ':path': `${maps}/large` }
  const { stream, answer } = await open(session, { ...path, 'accept-encoding': 'gzip' })
  t.equal(answer['content-encoding'], 'gzip')
  t.match(await text(stream.pipe(createGunzip())), /"a":"x{300000}"/)
  const plain = await send(session, path)
  t.match(plain.answer, { 'content-encoding': undefined })
  t.ok(plain.body.length > 300_000)
})
