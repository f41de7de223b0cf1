import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import type { EventEmitter } from 'node:events'
import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../../../../orchestrator/api/object.ts'
import {
  decodeHealthStatus,
  encodeHealthRequest,
} from '../../../../orchestrator/node/probes/grpc-probe.ts'
import { runProbe } from '../../../../orchestrator/node/probes/run-probe.ts'
import type { ProbeTarget } from '../../../../orchestrator/node/probes/run-probe.ts'
import { issueCertificate, makeAuthority } from '../../../../orchestrator/server/certificates.ts'

const host = '127.0.0.1'

async function listen(t: Test, server: Server | EventEmitter): Promise<number> {
  const it = server as Server
  await new Promise<void>((resolve) => it.listen(0, host, resolve))
  t.teardown(() => it.close())
  return (it.address() as AddressInfo).port
}

async function closedPort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const target = (ports: JsonObject[] = []): ProbeTarget => ({
  container: { name: 'web', ports },
  podIP: host,
  exec: ([program = '', ...rest], timeoutMs) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, rest)
      let output = ''
      const late = setTimeout(() => {
        child.kill('SIGKILL')
        resolve(undefined)
      }, timeoutMs)
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data: Buffer) => (output += data.toString()))
      child.once('error', reject)
      child.once('close', (code) => {
        clearTimeout(late)
        resolve({ exitCode: code ?? 137, output })
      })
    }),
})

const seen: { agent?: string | undefined; host?: string | undefined; extra?: string | undefined } =
  {}

async function website(t: Test): Promise<number> {
  const server = createServer((request, response) => {
    Object.assign(seen, {
      agent: request.headers['user-agent'],
      host: request.headers.host,
      extra: request.headers['x-extra'],
    })
    const [, code = '200', location] = /^\/(\d+)(?:\?to=(.*))?$/.exec(request.url ?? '') ?? []
    if (code === '999') return
    response
      .writeHead(Number(code), location === undefined ? {} : { location })
      .end('x'.repeat(20_000))
  })
  t.teardown(() => server.closeAllConnections())
  return listen(t, server)
}

const gets: { name: string; path: string; result: string; message: RegExp }[] = [
  { name: '200', path: '/200', result: 'success', message: /^$/ },
  { name: 'a path without its slash', path: '204', result: 'success', message: /^$/ },
  { name: '399', path: '/399', result: 'warning', message: /^Probe terminated redirects/ },
  {
    name: '404',
    path: '/404',
    result: 'failure',
    message: /^HTTP probe failed with statuscode: 404$/,
  },
  {
    name: '503',
    path: '/503',
    result: 'failure',
    message: /^HTTP probe failed with statuscode: 503$/,
  },
  { name: 'a redirect to what is fine', path: '/302?to=/200', result: 'success', message: /^$/ },
  { name: 'a redirect to what is not', path: '/302?to=/500', result: 'failure', message: /500$/ },
  {
    name: 'a redirect to elsewhere',
    path: '/302?to=http://192.0.2.1/',
    result: 'warning',
    message: /^Probe terminated redirects/,
  },
  {
    name: 'no answer in time',
    path: '/999',
    result: 'failure',
    message:
      /^Get "http:\/\/127\.0\.0\.1:\d+\/999": context deadline exceeded \(Client\.Timeout exceeded while awaiting headers\)$/,
  },
]

t.test('httpGet', async (t) => {
  const port = await website(t)
  for (const { name, path, result, message } of gets)
    t.match(
      await runProbe(target(), { httpGet: { port, path } }, path === '/999' ? 50 : 5000),
      { result, message },
      name,
    )
})

t.test('httpGet that goes round in circles ends', async (t) => {
  const server = createServer((_request, response) => {
    response.writeHead(302, { location: '/again' }).end()
  })
  const port = await listen(t, server)
  const outcome = await runProbe(target(), { httpGet: { port, path: '/' } }, 5000)
  t.match(outcome, { result: 'failure', message: /stopped after 10 redirects$/ })
})

t.test('httpGet by the name of a port, with headers', async (t) => {
  const port = await website(t)
  const httpHeaders = [
    { name: 'Host', value: 'shop.example' },
    { name: 'X-Extra', value: 'yes' },
    { name: 'user-agent', value: 'mine' },
  ]
  const named = target([{ name: 'web', containerPort: port }])
  const outcome = await runProbe(
    named,
    { httpGet: { port: 'web', path: '/200', httpHeaders } },
    5000,
  )
  t.match(outcome, { result: 'success' })
  t.same(seen, { agent: 'mine', host: 'shop.example', extra: 'yes' })
  t.match(await runProbe(named, { httpGet: { port: 'nope' } }, 5000), { result: 'error' })
})

t.test('httpGet over TLS does not ask who it is', async (t) => {
  const authority = await makeAuthority('x')
  const { certificate: cert, key } = await issueCertificate(authority, {
    commonName: 'someone else',
    hosts: ['example.org'],
    usage: 'server',
  })
  const server = createTlsServer({ cert, key }, (_request, response) => void response.end('ok'))
  const port = await listen(t, server)
  const outcome = await runProbe(target(), { httpGet: { port, scheme: 'HTTPS' } }, 5000)
  t.match(outcome, { result: 'success' })
})

t.test('nobody listens', async (t) => {
  const port = await closedPort()
  t.same(await runProbe(target(), { httpGet: { port, path: '/' } }, 5000), {
    result: 'failure',
    message: `Get "http://127.0.0.1:${port}/": dial tcp 127.0.0.1:${port}: connect: connection refused`,
  })
  t.same(await runProbe(target(), { tcpSocket: { port } }, 5000), {
    result: 'failure',
    message: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
  })
  t.match(await runProbe(target(), { grpc: { port } }, 5000), {
    result: 'failure',
    message:
      /^timeout: failed to connect service "127.0.0.1:\d+" within 5s: .*connection refused"$/,
  })
})

t.test('tcpSocket', async (t) => {
  const port = await listen(
    t,
    createTcpServer((socket) => void socket.destroy()),
  )
  t.match(await runProbe(target(), { tcpSocket: { port } }, 5000), { result: 'success' })
})

const commands: { name: string; script: string; result: string; message: RegExp }[] = [
  { name: 'ends well', script: 'echo fine', result: 'success', message: /^$/ },
  {
    name: 'fails',
    script: 'echo out; echo why >&2; exit 3',
    result: 'failure',
    message: /^out\nwhy\n$/,
  },
  {
    name: 'takes too long',
    script: 'exec sleep 20',
    result: 'failure',
    message: /^command timed out: "sh -c exec sleep 20" timed out after 0\.2s$/,
  },
]

for (const { name, script, result, message } of commands)
  t.test(`a command that ${name}`, async (t) => {
    const probe = { exec: { command: ['sh', '-c', script] } }
    t.match(await runProbe(target(), probe, script.startsWith('exec') ? 200 : 5000), {
      result,
      message,
    })
  })

t.test('a command that is not there is no outcome', async (t) => {
  const outcome = await runProbe(target(), { exec: { command: ['/no/such'] } }, 5000)
  t.equal(outcome.result, 'error')
})

async function healthServer(
  t: Test,
  answer: { status?: number; grpcStatus?: string },
): Promise<{ port: number; asked: Buffer[] }> {
  const asked: Buffer[] = []
  const server = createHttp2Server()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    t.equal(headers[':path'], '/grpc.health.v1.Health/Check')
    stream.on('data', (chunk: Buffer) => asked.push(chunk))
    stream.on('end', () => {
      const grpcStatus = answer.grpcStatus ?? '0'
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc' },
        { waitForTrailers: true },
      )
      stream.on('wantTrailers', () =>
        stream.sendTrailers({ 'grpc-status': grpcStatus, 'grpc-message': 'a%20b' }),
      )
      if (answer.status === undefined) return void stream.end()
      stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, answer.status]))
    })
  })
  return { port: await listen(t, server), asked }
}

const healths: {
  name: string
  answer: { status?: number; grpcStatus?: string }
  result: string
  message: RegExp
}[] = [
  { name: 'serves', answer: { status: 1 }, result: 'success', message: /^$/ },
  {
    name: 'does not serve',
    answer: { status: 2 },
    result: 'failure',
    message: /^service unhealthy \(responded with "NOT_SERVING"\)$/,
  },
  {
    name: 'does not know',
    answer: { grpcStatus: '12' },
    result: 'failure',
    message: /^error: this server does not implement the grpc health protocol .*: a b$/,
  },
  {
    name: 'fails',
    answer: { grpcStatus: '5' },
    result: 'failure',
    message: /^error: health rpc probe failed/,
  },
]

for (const { name, answer, result, message } of healths)
  t.test(`a gRPC service that ${name}`, async (t) => {
    const { port, asked } = await healthServer(t, answer)
    const outcome = await runProbe(target(), { grpc: { port, service: 'shop' } }, 5000)
    t.match(outcome, { result, message })
    t.same(Buffer.concat(asked), encodeHealthRequest('shop'))
  })

t.test('the two messages of a health check', async (t) => {
  t.same(encodeHealthRequest(''), Buffer.from([0, 0, 0, 0, 0]))
  t.same(encodeHealthRequest('ab'), Buffer.from([0, 0, 0, 0, 4, 0x0a, 2, 0x61, 0x62]))
  t.equal(encodeHealthRequest('x'.repeat(300)).length, 5 + 3 + 300)
  t.equal(decodeHealthStatus(Buffer.from([0, 0, 0, 0, 0])), 0)
  t.equal(decodeHealthStatus(Buffer.from([0, 0, 0, 0, 5, 0x12, 1, 0x61, 0x08, 2])), 2)
  t.equal(decodeHealthStatus(Buffer.from([0, 0, 0, 0, 1, 0xff, 0xff])), 0)
})
