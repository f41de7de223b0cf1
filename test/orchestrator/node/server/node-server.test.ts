import { appendFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import type { RequestOptions } from 'node:https'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { makeAgentMetrics } from '../../../../orchestrator/node/server/agent-metrics.ts'
import { startNodeServer } from '../../../../orchestrator/node/server/node-server.ts'
import { issueCertificate, makeAuthority } from '../../../../orchestrator/server/certificates.ts'
import { podWith } from '../pod-fixture.ts'
import { serveHost } from './served-processes.ts'

const authority = await makeAuthority('test')
const serving = await issueCertificate(authority, {
  commonName: 'system:node:dev-1',
  hosts: ['127.0.0.1'],
  usage: 'server',
})
const caller = await issueCertificate(authority, {
  commonName: 'kube-apiserver-kubelet-client',
  organizations: ['system:masters'],
  usage: 'client',
})
const otherNode = await issueCertificate(authority, {
  commonName: 'system:node:dev-2',
  organizations: ['system:nodes'],
  usage: 'client',
})

const line = '2026-11-21T07:00:00.000000001Z stdout F hello\n'

async function serve(t: Test): Promise<{ port: number; logPath: string }> {
  const logPath = join(t.testdir(), '0.log')
  writeFileSync(logPath, line)
  const pod = podWith({ containers: [{ name: 'web' }] })
  pod.status = { phase: 'Running', containerStatuses: [{ name: 'web', state: { running: {} } }] }
  const pods = serveHost(pod, logPath)
  const server = await startNodeServer({
    host: '127.0.0.1',
    port: 0,
    certificate: serving.certificate,
    key: serving.key,
    authority: authority.certificate,
    pods,
    metrics: await makeAgentMetrics('dev-1', () => pods.pods()),
  })
  t.teardown(() => server.close())
  return { port: server.port, logPath }
}

const as = (who: { certificate: string; key: string }): RequestOptions => ({
  ca: authority.certificate,
  cert: who.certificate,
  key: who.key,
})

function fetchText(
  port: number,
  path: string,
  credentials: RequestOptions = as(caller),
): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    get(`https://127.0.0.1:${port}${path}`, { ...credentials, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text }))
    }).on('error', reject)
  })
}

const web = '/containerLogs/shop/web-1/web'

const answers: { path: string; code: number; text: RegExp }[] = [
  { path: '/healthz', code: 200, text: /^ok$/ },
  { path: '/pods', code: 200, text: /"kind":"PodList".*web-1/ },
  { path: '/stats/summary', code: 200, text: /"usageNanoCores":250000000/ },
  { path: '/metrics', code: 200, text: /^kubelet_running_containers 1$/m },
  {
    path: '/metrics/resource',
    code: 200,
    text: /^container_cpu_usage_seconds_total\{container="a",namespace="shop",pod="web-1"\} 1\.5 /m,
  },
  { path: '/metrics/resource', code: 200, text: /^pod_memory_working_set_bytes\{.*\} 200 /m },
  { path: web, code: 200, text: /^hello\n$/ },
  { path: `${web}?timestamps=true&limitBytes=10`, code: 200, text: /^2026-11-21$/ },
  { path: `${web}?tailLines=x`, code: 400, text: /tailLines/ },
  { path: `${web}?previous=true`, code: 400, text: /^previous terminated container "web" in pod/ },
  { path: '/containerLogs/shop/web-2/web', code: 404, text: /^pod does not exist$/ },
  {
    path: '/containerLogs/shop/web-1/nope',
    code: 400,
    text: /^container nope is not valid for pod/,
  },
  { path: '/containerLogs/%E0%A4%A/x/y', code: 400, text: /./ },
  { path: '/nothing', code: 404, text: /./ },
]

t.test('answers', async (t) => {
  const { port } = await serve(t)
  for (const { path, code, text } of answers)
    t.match(await fetchText(port, path), { code, text }, path)
})

t.test('only the cluster is answered', async (t) => {
  const { port } = await serve(t)
  const nobody = { ca: authority.certificate }
  t.match(await fetchText(port, '/pods', nobody), { code: 401 })
  t.match(await fetchText(port, '/pods', as(otherNode)), { code: 403 })
  const stranger = await makeAuthority('stranger')
  const forged = await issueCertificate(stranger, {
    commonName: 'x',
    organizations: ['system:masters'],
    usage: 'client',
  })
  const withForged = { ...as(forged), ca: authority.certificate }
  t.match(await fetchText(port, '/pods', withForged), { code: 401 })
})

t.test('a log is followed, and left', async (t) => {
  const { port, logPath } = await serve(t)
  const text = await new Promise<string>((resolve, reject) => {
    const request = get(
      `https://127.0.0.1:${port}${web}?follow=true`,
      { ...as(caller), agent: false },
      (response) => {
        let seen = ''
        response.on('data', (chunk: Buffer) => {
          seen += chunk.toString()
          if (seen === 'hello\n') appendFileSync(logPath, line.replace('hello', 'again'))
          if (seen !== 'hello\nagain\n') return
          request.destroy()
          resolve(seen)
        })
      },
    )
    request.on('error', reject)
  })
  t.equal(text, 'hello\nagain\n')
})

interface Conversation {
  readonly channels: Record<number, string>
  readonly code: number
}

/** @param say what the client sends, as it would be on the wire */
function converse(
  port: number,
  path: string,
  say: readonly Buffer[] = [],
  until: (channels: Record<number, string>) => boolean = () => false,
): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
    const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, protocols, as(caller))
    const channels: Record<number, string> = {}
    socket.on('open', () => {
      for (const message of say) socket.send(message, { binary: true })
    })
    socket.on('message', (data) => {
      const number = data[0] ?? -1
      channels[number] = (channels[number] ?? '') + data.subarray(1).toString()
      if (until(channels)) socket.close(1000)
    })
    socket.on('close', (code) => resolve({ channels, code }))
    socket.on('error', reject)
    socket.on('unexpected-response', (_request, response) =>
      resolve({ channels: {}, code: response.statusCode ?? 0 }),
    )
  })
}

const shell = (script: string, more = ''): string =>
  `/exec/shop/web-1/web?command=sh&command=-c&command=${encodeURIComponent(script)}&output=1&error=1${more}`

t.test('a command, its streams and its exit code', async (t) => {
  const { port } = await serve(t)
  const failed = await converse(port, shell('echo out; echo err >&2; exit 7'))
  t.match(failed, { code: 1000, channels: { 1: 'out\n', 2: 'err\n' } })
  t.match(JSON.parse(failed.channels[3] ?? ''), {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '7' }] },
  })
  const done = await converse(port, shell('true'))
  t.same(JSON.parse(done.channels[3] ?? ''), { metadata: {}, status: 'Success' })
})

t.test('input until its end', async (t) => {
  const { port } = await serve(t)
  const said = [Buffer.from('\0abc'), Buffer.from('\0def'), Buffer.from([255, 0])]
  const { channels } = await converse(port, shell('cat; echo .', '&input=1'), said)
  t.equal(channels[1], 'abcdef.\n')
})

t.test('much output is all there', async (t) => {
  const { port } = await serve(t)
  const { channels } = await converse(port, shell('head -c 5000000 /dev/zero | tr "\\0" x'))
  t.equal(channels[1]?.length, 5_000_000)
})

t.test('a program that is not there', async (t) => {
  const { port } = await serve(t)
  const { channels } = await converse(port, '/exec/shop/web-1/web?command=/no/such&output=1')
  t.match(JSON.parse(channels[3] ?? ''), { status: 'Failure', reason: 'InternalError', code: 500 })
})

t.test('attach takes part in what runs', async (t) => {
  const { port } = await serve(t)
  const path = '/attach/shop/web-1/web?input=1&output=1'
  const { channels } = await converse(port, path, [Buffer.from('\0hi')], (seen) => seen[1] === 'hi')
  t.equal(channels[1], 'hi')
})

for (const [path, code] of [
  ['/exec/shop/web-1/nope?command=x&output=1', 404],
  ['/exec/shop/nope/web?command=x&output=1', 404],
  ['/exec/shop/web-1/web?output=1', 400],
  ['/exec/shop/web-1/web?command=x', 400],
  ['/portForward/shop/web-1?port=0', 400],
  ['/portForward/shop/web-1', 400],
  ['/what/shop/web-1', 404],
] as const)
  t.test(`refuses ${path}`, async (t) => {
    const { port } = await serve(t)
    t.equal((await converse(port, path)).code, code)
  })

t.test('a port of the pod', async (t) => {
  const { port } = await serve(t)
  const echo = createServer((socket) => void socket.pipe(socket).on('error', () => undefined))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  t.teardown(() => echo.close())
  const target = (echo.address() as AddressInfo).port
  const number = Buffer.alloc(2)
  number.writeUInt16LE(target)
  const said = [Buffer.from('\0ping'), Buffer.from([255, 0])]
  const { channels } = await converse(port, `/portForward/shop/web-1?port=${target}`, said)
  t.equal(channels[0], `${number.toString()}ping`)
  t.equal(channels[1], number.toString())
})

t.test('a port that nobody listens on', async (t) => {
  const { port } = await serve(t)
  const { channels } = await converse(port, '/portForward/shop/web-1?port=1')
  t.match(channels[1], /error forwarding port 1 to pod/)
})
