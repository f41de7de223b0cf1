import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { makeAgentMetrics } from '../../../../orchestrator/node/server/agent-metrics.ts'
import { startNodeServer } from '../../../../orchestrator/node/server/node-server.ts'
import { issueCertificate, makeAuthority } from '../../../../orchestrator/server/certificates.ts'
import { serveSpdy } from '../../../../orchestrator/server/streaming/spdy/session.ts'
import { pick, seededRandom } from '../../../chaos/random.ts'
import type { Random } from '../../../chaos/random.ts'
import { podWith } from '../pod-fixture.ts'
import { serveHost } from './served-processes.ts'

// What an agent and the API server read from connections: whatever comes, they refuse it or go on; they do not end, and
// nothing that was started for it stays. FUZZ_SEED and FUZZ_ROUNDS choose others.

const seed = Number(process.env['FUZZ_SEED'] ?? 1)
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 25)
const failures: unknown[] = []
process.on('uncaughtException', (error) => failures.push(error))
process.on('unhandledRejection', (error) => failures.push(error))

/** Some bytes are others, come twice, are missing, or are followed by others. */
function mutate(random: Random, bytes: Buffer): Buffer {
  const at = Math.floor(random() * (bytes.length + 1))
  const to = Math.min(bytes.length, at + Math.ceil(random() * 8))
  const [head, middle, tail] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)]
  const noise = Buffer.from(
    Array.from({ length: 1 + Math.floor(random() * 8) }, () => random() * 256),
  )
  const way = pick(random, ['other', 'twice', 'missing', 'more', 'cut', 'same'] as const)
  switch (way) {
    case 'other':
      return Buffer.concat([head, noise.subarray(0, middle.length), tail])
    case 'twice':
      return Buffer.concat([head, middle, middle, tail])
    case 'missing':
      return Buffer.concat([head, tail])
    case 'more':
      return Buffer.concat([head, noise, middle, tail])
    case 'cut':
      return head
    case 'same':
      return bytes
  }
}

/** RFC 6455, section 5.2, masked as a client's are. */
function webSocketFrame(opcode: number, data: Buffer, isLast = true): Buffer {
  const length =
    data.length < 126
      ? Buffer.from([0x80 | data.length])
      : Buffer.from([0x80 | 126, data.length >> 8, data.length & 255])
  const mask = Buffer.from([1, 2, 3, 4])
  const masked = data.map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  return Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode]), length, mask, masked])
}

function webSocketFrames(random: Random): Buffer {
  const channel = pick(random, [0, 1, 2, 3, 4, 5, 48, 52, 254, 255])
  const text = pick(random, [
    '',
    '\0',
    'x'.repeat(200),
    '{"Width":80,"Height":24}',
    '{"Width":-1,"Height":1e99}',
    '{"Width":"a"',
    'null',
    '[]',
  ])
  const data = Buffer.concat([Buffer.from([channel]), Buffer.from(text)])
  const opcode = pick(random, [0, 1, 2, 2, 2, 2, 3, 8, 9, 10, 15])
  return webSocketFrame(opcode, data, random() < 0.9)
}

const paths = [
  '/exec/shop/web-1/web?command=cat&input=1&output=1',
  '/exec/shop/web-1/web?command=cat&input=1&output=1&tty=1',
  '/exec/shop/web-1/web?command=sleep&command=0.2&output=1&error=1',
  '/attach/shop/web-1/web?input=1&output=1',
  '/portForward/shop/web-1?port=PORT&port=1&port=PORT',
]
const protocols = ['v5', 'v4', 'v4.base64', 'v1'].map((name) =>
  name === 'v1' ? 'channel.k8s.io' : `${name}.channel.k8s.io`,
)

function upgradeRequest(random: Random, port: number): Buffer {
  const path = pick(random, paths).replaceAll('PORT', String(port))
  return Buffer.from(
    `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
      `sec-websocket-key: ${randomBytes(16).toString('base64')}\r\nsec-websocket-protocol: ${pick(random, protocols)}\r\n\r\n`,
  )
}

function plainRequest(random: Random): Buffer {
  const path = pick(random, [
    '/healthz',
    '/pods',
    '/stats/summary',
    '/metrics',
    '/containerLogs/shop/web-1/web?tailLines=2&limitBytes=3&sinceSeconds=1',
    '/logs/../../etc/passwd',
    '/exec/%00/%2e%2e/x?command=%ff',
  ])
  const method = pick(random, ['GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE'])
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nabcd`)
}

function children(): string[] {
  const self = `/proc/${process.pid}/task/${process.pid}/children`
  return readFileSync(self, 'latin1').trim().split(' ').filter(Boolean)
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + 10_000
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`it is not so: ${what}`)
    await wait(20)
  }
}

async function serve(t: Test) {
  const authority = await makeAuthority('test')
  const issue = (commonName: string, usage: 'server' | 'client') =>
    issueCertificate(authority, {
      commonName,
      usage,
      ...(usage === 'server' ? { hosts: ['127.0.0.1'] } : { organizations: ['system:masters'] }),
    })
  const [serving, caller] = [
    await issue('system:node:dev-1', 'server'),
    await issue('kube-apiserver-kubelet-client', 'client'),
  ]
  const logPath = join(t.testdir(), '0.log')
  writeFileSync(logPath, '2026-11-21T07:00:00.000000001Z stdout F hello\n')
  const pod = podWith({ containers: [{ name: 'web' }] })
  pod.status = { phase: 'Running', containerStatuses: [{ name: 'web', state: { running: {} } }] }
  const pods = serveHost(pod, logPath)
  const server = await startNodeServer({
    host: '127.0.0.1',
    port: 0,
    ...serving,
    authority: authority.certificate,
    pods,
    metrics: await makeAgentMetrics('dev-1', () => pods.pods()),
  })
  t.teardown(() => server.close())
  return () =>
    connectTls({
      port: server.port,
      host: '127.0.0.1',
      ca: authority.certificate,
      cert: caller.certificate,
      key: caller.key,
    })
}

/** Say it, the rest when there is an answer, and go away. @returns what came back */
function say(random: Random, socket: Duplex, [first, ...rest]: readonly Buffer[]): Promise<string> {
  const isRude = random() < 0.3
  return new Promise((resolve) => {
    let text = ''
    const goOn = (): void => {
      clearTimeout(patience)
      for (const piece of rest) socket.write(piece)
      if (isRude) setImmediate(() => socket.destroy())
      else socket.end()
      setTimeout(() => socket.destroy(), 50)
    }
    // Half a request has no answer.
    const patience = setTimeout(goOn, 120)
    socket.once('data', goOn)
    socket.on('data', (data: Buffer) => (text += data.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(patience)
      resolve(text)
    })
    socket.write(first ?? '')
  })
}

t.test('connections to an agent', async (t) => {
  const open = await serve(t)
  const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  t.teardown(() => echo.close())
  const { port } = echo.address() as AddressInfo
  const before = children().length
  const random = seededRandom(seed)
  const several = <Item>(make: () => Item): Item[] =>
    Array.from({ length: 1 + Math.floor(random() * 6) }, make)
  let upgraded = 0
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all([
      say(random, open(), [
        upgradeRequest(random, port),
        ...several(() => mutate(random, webSocketFrames(random))),
      ]),
      say(random, open(), [
        mutate(random, upgradeRequest(random, port)),
        ...several(() => webSocketFrames(random)),
      ]),
      say(
        random,
        open(),
        several(() => mutate(random, plainRequest(random))),
      ),
    ])
    for (const answer of answers) if (answer.startsWith('HTTP/1.1 101')) upgraded++
    const wrong = answers.filter((answer) => /^HTTP\/1.1 5/.test(answer))
    t.same(wrong, [], 'no fault of the server’s')
  }
  t.ok(upgraded >= rounds / 4, 'much of it got as far as frames', { upgraded })
  t.same(failures, [], 'nothing was thrown where nobody looks')
  await until('no process stays', () => children().length <= before)
  const request = Buffer.from('GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  t.match(await say(seededRandom(1), open(), [request]), /200 OK[^]*ok/, 'and it still answers')
})

/** https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/ */
function spdyFrame(random: Random): Buffer {
  const body = Buffer.from(Array.from({ length: Math.floor(random() * 40) }, () => random() * 256))
  const head = Buffer.alloc(8)
  if (random() < 0.7)
    head.writeUInt32BE(0x8003_0000 + pick(random, [1, 1, 1, 2, 3, 4, 6, 7, 8, 9, 77]))
  else head.writeUInt32BE(pick(random, [0, 1, 3, 5, 0x7fff_ffff]))
  head.writeUInt32BE(pick(random, [0, 1, 2, 255]) * 2 ** 24 + body.length, 4)
  return Buffer.concat([head, body])
}

t.test('SPDY', async (t) => {
  const random = seededRandom(seed)
  for (let round = 0; round < rounds * 5; round++) {
    const [client, server] = duplexPair()
    let closings = 0
    const over = Promise.withResolvers<void>()
    client.on('error', () => undefined).resume()
    const session = serveSpdy(server, {
      onStream: (stream) => {
        stream.onData((data) => stream.write(data))
        stream.onEnd(() => stream.end())
      },
      onClose: () => {
        closings++
        over.resolve()
      },
    })
    session.resume()
    for (let count = 1 + random() * 6; count > 0; count--)
      if (!client.destroyed) client.write(mutate(random, spdyFrame(random)))
    client.end()
    const late = setTimeout(() => t.fail('it never ends', { round }), 5000)
    await over.promise
    clearTimeout(late)
    session.close()
    if (closings !== 1) t.fail('it is over once', { round, closings })
  }
  await wait(20)
  t.same(failures, [], 'nothing was thrown where nobody looks')
})
