import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { runProbe } from '../../orchestrator/node/probes/run-probe.ts'
import { makeAgentMetrics } from '../../orchestrator/node/server/agent-metrics.ts'
import {
  attachToContainer,
  execForProbe,
  execProcess,
} from '../../orchestrator/node/server/container-processes.ts'
import { startNodeServer } from '../../orchestrator/node/server/node-server.ts'
import { makeUsageReader } from '../../orchestrator/node/server/read-usage.ts'
import type { ServedContainer } from '../../orchestrator/node/server/served-pods.ts'
import { issueCertificate, makeAuthority } from '../../orchestrator/server/certificates.ts'
import { containerOptions } from '../../runtime/api/run-options.ts'
import { containerFolder } from '../../runtime/container/container-folder.ts'
import { createContainer } from '../../runtime/container/create.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { dialPod } from '../../orchestrator/node/server/dial-pod.ts'
import { openContext } from '../../runtime/container/open-engine.ts'
import { removeContainer } from '../../runtime/container/remove.ts'
import { startContainer } from '../../runtime/container/start.ts'
import { waitForEnd } from '../../runtime/container/wait.ts'
import { podWith } from '../orchestrator/node/pod-fixture.ts'

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
const credentials = { ca: authority.certificate, cert: caller.certificate, key: caller.key }

/** A container that reads its input, says what it read, and ends at `end`. */
const script =
  'echo ready; while read line; do [ "$line" = end ] && exit 0; echo "read $line"; done'

interface Served {
  readonly context: EngineContext
  readonly id: string
  readonly port: number
}

async function serveContainer(t: Test): Promise<Served> {
  const root = mkdtempSync(join(tmpdir(), 'node-server-'))
  const context = openContext(root, process.env)
  const record = await createContainer(context, {
    ...containerOptions({ image: 'host', command: ['sh', '-c', script], network: 'none' }),
    interactive: true,
    detach: true,
    rm: false,
    log: { driver: 'k8s-file', other: {} },
  })
  const { id } = record
  t.teardown(async () => {
    await removeContainer(context, id, { force: true, volumes: true })
    context.zygote.close()
    rmSync(root, { recursive: true })
  })
  await startContainer(context, record, { hold: false })
  let isRunning = true
  const ended = waitForEnd(context.folders, id).then(() => (isRunning = false))
  const container: ServedContainer = {
    id,
    logPath: join(containerFolder(context.folders, id).logs, 'container.log'),
    isRunning: () => isRunning,
    ended: () => ended,
  }
  const pod = podWith({ containers: [{ name: 'web' }] })
  pod.status = { containerStatuses: [{ name: 'web', state: { running: {} } }] }
  const startedAt = Date.now()
  const measured = {
    name: 'web-1',
    namespace: 'shop',
    uid: 'u',
    startedAt,
    hostNetwork: false,
    containers: [{ id, name: 'web', startedAt }],
  }
  const server = await startNodeServer({
    host: '127.0.0.1',
    port: 0,
    certificate: serving.certificate,
    key: serving.key,
    authority: authority.certificate,
    metrics: await makeAgentMetrics('dev-1', () => [pod]),
    pods: {
      pods: () => [pod],
      container: () => container,
      exec: (it, wish) => execProcess(context, it.id, wish),
      attach: (it, wish) => attachToContainer(context, it.id, wish),
      dialPod: (it, port) => dialPod(context, it, id, port),
      usage: makeUsageReader({ context, nodeName: 'dev-1', folder: root, pods: () => [measured] }),
    },
  })
  t.teardown(() => server.close())
  return { context, id, port: server.port }
}

/** Reads until `enough`, or to the end. */
function readText(port: number, path: string, enough?: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { ...credentials, host: '127.0.0.1', port, path, agent: false as const }
    const call = request(options, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (enough?.(text) !== true) return
        resolve(text)
        call.destroy()
      })
      response.on('end', () => resolve(text))
    })
    call.on('error', reject)
    call.end()
  })
}

interface Client {
  say(channel: number, text: string): void
  end(): void
  until(channel: number, pattern: RegExp): Promise<string>
}

function open(t: Test, port: number, path: string): Promise<Client> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(
      `wss://127.0.0.1:${port}${path}`,
      ['v5.channel.k8s.io'],
      credentials,
    )
    t.teardown(() => socket.terminate())
    const texts = ['', '', '', '', '']
    const waiting: (() => void)[] = []
    socket.on('message', (data) => {
      texts[data[0] ?? 0] += data.subarray(1).toString()
      for (const look of waiting) look()
    })
    socket.on('error', reject)
    socket.on('open', () =>
      resolve({
        say: (channel, text) =>
          socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(text)]), { binary: true }),
        end: () => socket.send(Buffer.from([255, 0]), { binary: true }),
        until: (channel, pattern) =>
          new Promise((found) => {
            const look = (): void => {
              if (pattern.test(texts[channel] ?? '')) found(texts[channel] ?? '')
            }
            waiting.push(look)
            look()
          }),
      }),
    )
  })
}

const isSuccess = /"status":"Success"/

t.test('a container over the wire', { timeout: 60_000 }, async (t) => {
  const { context, id, port } = await serveContainer(t)
  const log = '/containerLogs/shop/web-1/web'
  await readText(port, `${log}?follow=true`, (text) => text === 'ready\n')

  await t.test('a command, with input', async (t) => {
    const client = await open(t, port, '/exec/shop/web-1/web?command=cat&input=1&output=1&error=1')
    client.say(0, 'hello')
    client.end()
    await client.until(3, isSuccess)
    t.equal(await client.until(1, /./), 'hello')
  })

  await t.test('a command with a terminal, resized', async (t) => {
    const path = '/exec/shop/web-1/web?command=sh&input=1&output=1&tty=1'
    const client = await open(t, port, path)
    client.say(4, '{"Width":90,"Height":30}\n')
    client.say(0, 'stty size; tty; exit 5\n')
    t.match(await client.until(3, /ExitCode/), /"message":"5"/)
    t.match(await client.until(1, /pts/), /30 90/)
  })

  await t.test('a command that is not there', async (t) => {
    const client = await open(t, port, '/exec/shop/web-1/web?command=/no/such&output=1')
    t.match(JSON.parse(await client.until(3, /\}$/)), { reason: 'InternalError' })
  })

  await t.test('probes by command', async (t) => {
    const target = {
      container: {},
      podIP: '127.0.0.1',
      exec: (command: readonly string[], timeoutMs: number) =>
        execForProbe(context, id, command, timeoutMs),
    }
    const probe = (...command: string[]) => runProbe(target, { exec: { command } }, 10_000)
    t.match(await probe('true'), { result: 'success' })
    t.match(await probe('sh', '-c', 'echo no; exit 1'), { result: 'failure', message: 'no\n' })
    t.match(await probe('/no/such'), { result: 'error' })
    const slow = { exec: { command: ['sleep', '60'] } }
    t.match(await runProbe(target, slow, 200), {
      result: 'failure',
      message: /timed out after 0\.2s$/,
    })
  })

  await t.test('a port of its loopback', async (t) => {
    const inside =
      'busybox nc -l -p 7 -e cat & until grep -q :0007 /proc/net/tcp /proc/net/tcp6; do sleep 0.02; done; echo up; wait'
    const query = ['sh', '-c', inside]
      .map((word) => `command=${encodeURIComponent(word)}`)
      .join('&')
    const server = await open(t, port, `/exec/shop/web-1/web?${query}&output=1&error=1`)
    await server.until(1, /up/)
    const client = await open(t, port, '/portForward/shop/web-1?port=7')
    client.say(0, 'ping')
    t.match(await client.until(0, /ping$/), /^..ping$/s)
    const refused = await open(t, port, '/portForward/shop/web-1?port=9')
    t.match(await refused.until(1, /refused/), /port 9/)
  })

  await t.test('what it uses', async (t) => {
    const summary = JSON.parse(await readText(port, '/stats/summary')) as {
      pods: { containers: { memory: { workingSetBytes: number }; cpu: object }[] }[]
    }
    const [container] = summary.pods[0]?.containers ?? []
    t.ok((container?.memory.workingSetBytes ?? 0) > 0)
    t.match(container?.cpu, { usageCoreNanoSeconds: Number, usageNanoCores: Number })
    const metrics = await readText(port, '/metrics/resource')
    t.match(
      metrics,
      /^container_memory_working_set_bytes\{container="web",namespace="shop",pod="web-1"\} [1-9]/m,
    )
  })

  await t.test('attach, until it ends, and its log', async (t) => {
    const client = await open(t, port, '/attach/shop/web-1/web?input=1&output=1&error=1')
    client.say(0, 'one\n')
    await client.until(1, /read one/)
    const followed = readText(port, `${log}?follow=true`)
    client.say(0, 'two\nend\n')
    await client.until(3, isSuccess)
    t.equal(await followed, 'ready\nread one\nread two\n')
    t.equal(await readText(port, `${log}?tailLines=1`), 'read two\n')
  })
})
