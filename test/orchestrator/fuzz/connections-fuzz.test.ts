import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'node:https'
import { connect } from 'node:tls'
import { deflateSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { serverUser } from '../../../orchestrator/server/bootstrap.ts'
import { runServer } from '../../../orchestrator/server/run-server.ts'
import {
  controlFrame,
  dataFrame,
  frameType,
} from '../../../orchestrator/server/streaming/spdy/frame.ts'
import { writePairs } from '../../../orchestrator/server/streaming/spdy/header-codec.ts'
import { headerDictionary } from '../../../orchestrator/server/streaming/spdy/header-dictionary.ts'
import { pick } from '../../chaos/random.ts'
import type { Random } from '../../chaos/random.ts'
import { startAgent } from '../server/streaming/stand-in-agent.ts'
import { damagedBytes, oddTexts } from './damage.ts'
import { fuzzRounds, fuzzTimeout } from './fuzz-settings.ts'

// Connections as only an attacker makes them: damaged requests, frames of WebSocket and SPDY in any order. The server
// may end the connection; it goes on serving others.

const pod = '/api/v1/namespaces/default/pods/p1'
const configMaps = '/api/v1/namespaces/default/configmaps'

interface Target {
  readonly port: number
  readonly tls: { ca: string; cert: string; key: string }
}

async function start(t: Test): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  const server = await runServer({
    dataDir: folder,
    host: '127.0.0.1',
    port: 0,
    controls: false,
    schedules: false,
  })
  t.teardown(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })
  const read = (name: string) => readFileSync(join(folder, 'pki', name), 'utf8')
  const agent = await startAgent(t, { certificate: read('ca.crt'), key: read('ca.key') })
  const { registry, resources } = server.api.context
  const write = { user: serverUser, dryRun: false }
  const daemonEndpoints = { kubeletEndpoint: { Port: agent.port } }
  const status = { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints }
  await resources.create(
    registry.byKind('v1', 'Node')!,
    undefined,
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, status },
    write,
  )
  const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] }
  await resources.create(
    registry.byKind('v1', 'Pod')!,
    'default',
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p1' }, spec },
    write,
  )
  const config = JSON.parse(readFileSync(server.kubeconfig, 'utf8')) as {
    users: { user: Record<string, string> }[]
  }
  const decode = (name: string) =>
    Buffer.from(config.users[0]!.user[name] ?? '', 'base64').toString()
  return {
    port: Number(new URL(server.url).port),
    tls: {
      ca: read('ca.crt'),
      cert: decode('client-certificate-data'),
      key: decode('client-key-data'),
    },
  }
}

/** Say this and listen for a moment. @returns the first line of the answer */
function say({ port, tls }: Target, parts: readonly Buffer[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ port, host: '127.0.0.1', ...tls }, () => {
      const [first, ...rest] = parts
      socket.write(first!)
      // Frames follow when the protocol has changed, or nobody will change it.
      const go = (): void => {
        for (const part of rest) if (!socket.destroyed) socket.write(part)
        socket.end()
        // What there is to say to that is said by now, or never.
        setTimeout(() => socket.destroy(), 50)
      }
      if (rest.length === 0) socket.end()
      else socket.once('data', go)
    })
    const timer = setTimeout(() => socket.destroy(), 1_500)
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer.split('\r\n')[0] ?? '')
    })
  })
}

function isAlive({ port, tls }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      { port, host: '127.0.0.1', path: '/livez', agent: false, ...tls },
      (response) => {
        response.resume()
        resolve(response.statusCode === 200)
      },
    )
    call.on('error', () => resolve(false))
    call.end()
  })
}

function head(
  random: Random,
  method: string,
  path: string,
  headers: Record<string, string>,
): Buffer {
  const lines = Object.entries({ host: 'x', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  const whole = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  return random() < 0.2 ? damagedBytes(random, whole) : whole
}

function plainRequest(random: Random): Buffer[] {
  const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"a"}}'
  const length = pick(random, [String(body.length), '5', '0', '99999999999', '-1', 'x'])
  const headers = pick<Record<string, string>>(random, [
    { 'content-length': length, 'content-type': 'application/json' },
    { 'transfer-encoding': 'chunked' },
    { 'transfer-encoding': 'chunked', 'content-length': length },
    {
      'content-length': length,
      expect: '100-continue',
      accept: encodeURIComponent(pick(random, oddTexts).toWellFormed()),
    },
    {
      connection: 'upgrade',
      upgrade: pick(random, ['websocket', 'h2c', 'spdy/3.1', '']),
      'content-length': length,
    },
    { authorization: pick(random, ['Bearer a.b.c', 'Bearer ', 'Basic eDp4', 'bearer  x  y']) },
    {
      'impersonate-user': pick(random, ['x', '', 'system:serviceaccount:a:b']),
      'impersonate-group': 'a,,b',
    },
  ])
  const path = pick(random, [
    configMaps,
    `${configMaps}?watch=1&timeoutSeconds=1`,
    '/%',
    '//',
    '*',
    'http://x/api',
    '/\u00ff',
    `${pod}/exec`,
    `${pod}/log?tailLines=x`,
    `/${'a'.repeat(70_000)}`,
  ])
  return [
    Buffer.concat([
      head(
        random,
        pick(random, ['GET', 'POST', 'PUT', 'OPTIONS', 'CONNECT', 'TRACE', 'PRI']),
        path,
        headers,
      ),
      Buffer.from(body),
    ]),
  ]
}

function webSocketFrame(random: Random): Buffer {
  const payload = pick(random, [
    Buffer.from([0, 0x61]),
    Buffer.from([4, 0x7b]),
    Buffer.from([255, 9]),
    Buffer.from([255]),
    Buffer.alloc(0),
    Buffer.alloc(70_000, 1),
    Buffer.from('0YQ=='),
  ])
  const first = pick(random, [0x82, 0x81, 0x88, 0x89, 0x80, 0x02, 0x83, 0xf2])
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70])
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(4), payload])
}

function spdyFrame(random: Random): Buffer {
  const pairs = pick(random, [
    { streamtype: 'stdout' },
    { streamtype: 'error' },
    { streamtype: 'data', port: '80', requestid: '1' },
    { streamtype: 'error', port: 'x', requestid: '1' },
    { __proto__x: 'y' },
  ])
  const block = deflateSync(
    pick(random, [
      writePairs(pairs as Record<string, string>),
      Buffer.alloc(4),
      Buffer.alloc(4, 0xff),
      Buffer.alloc(4_000_000),
    ]),
    { dictionary: headerDictionary() },
  )
  const id = Buffer.alloc(10)
  id.writeUInt32BE(pick(random, [1, 3, 5, 0, 2 ** 31 - 1]))
  return pick(random, [
    controlFrame(frameType.synStream, pick(random, [0, 1, 255]), Buffer.concat([id, block])),
    controlFrame(
      pick(random, Object.values(frameType)),
      0,
      pick(random, [id, Buffer.alloc(0), Buffer.concat([id.subarray(0, 4), block])]),
    ),
    dataFrame(pick(random, [1, 3, 9]), Buffer.from('x'), random() < 0.3),
  ])
}

function streamRequest(random: Random): Buffer[] {
  const isSpdy = random() < 0.5
  const path = pick(random, [
    `${pod}/exec?command=a&stdout=1&stdin=1`,
    `${pod}/attach?stdout=1&tty=1&stdin=1`,
    `${pod}/portforward`,
    `${pod}/portforward?ports=80`,
    `${pod}/proxy/`,
    `${pod}/exec?command=a&stdout=1&container=${encodeURIComponent(pick(random, oddTexts).toWellFormed())}`,
  ])
  const protocol = path.includes('portforward') ? 'portforward.k8s.io' : 'v4.channel.k8s.io'
  const headers: Record<string, string> = isSpdy
    ? { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol }
    : {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': pick(random, ['13', '13', '99']),
        'sec-websocket-key': pick(random, ['dGhlIHNhbXBsZSBub25jZQ==', 'x']),
        'sec-websocket-protocol': pick(random, [
          'v5.channel.k8s.io',
          'v4.channel.k8s.io',
          'base64.channel.k8s.io',
          `SPDY/3.1+${protocol}`,
          ',',
        ]),
      }
  const frames = Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
    const frame = isSpdy ? spdyFrame(random) : webSocketFrame(random)
    return random() < 0.2 ? damagedBytes(random, frame) : frame
  })
  return [head(random, pick(random, ['GET', 'POST']), path, headers), ...frames]
}

for (const [title, make, rounds] of [
  ['requests', plainRequest, 80],
  ['streams', streamRequest, 60],
] as const)
  t.test(`${title} that are damaged`, { timeout: fuzzTimeout }, async (t) => {
    const target = await start(t)
    const answers = new Map<string, number>()
    const failed: string[] = []
    const waiting: Promise<void>[] = []
    for (const { seed, random } of fuzzRounds(rounds)) {
      const parts = make(random)
      waiting.push(
        say(target, parts).then((answer) => {
          const code = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none'
          answers.set(code, (answers.get(code) ?? 0) + 1)
          if (code === '500' || code === '502')
            failed.push(`seed ${seed}: ${answer}: ${parts[0]?.toString('latin1').slice(0, 500)}`)
        }),
      )
      if (waiting.length >= 10) await Promise.all(waiting.splice(0))
    }
    await Promise.all(waiting)
    t.comment([...answers].map(([code, count]) => `${code}: ${count}`).join(', '))
    t.strictSame(failed, [])
    t.ok(await isAlive(target), 'others are served')
  })
