import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import {
  CoreV1Api,
  Exec,
  KubeConfig,
  Log,
  Metrics,
  PortForward,
  makeInformer,
} from '@kubernetes/client-node'
import type { V1ConfigMap, V1Status } from '@kubernetes/client-node'
import t from 'tap'
import type { Test } from 'tap'
import { startWeb, startWithPod } from './pod-behind-agent.ts'

// The client library of other programs: JSON only, WebSocket channels for everything that streams.

async function start(t: Test) {
  const { server, agent } = await startWithPod(t)
  const config = new KubeConfig()
  config.loadFromFile(server.kubeconfig)
  return { config, agent, core: config.makeApiClient(CoreV1Api) }
}

const namespace = 'default'

t.test('an informer hears of what is there, comes, changes and goes', async (t) => {
  const { config, core } = await start(t)
  const make = (name: string) =>
    core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } })
  await make('before')
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
    core.listNamespacedConfigMap({ namespace }),
  )
  const heard: string[] = []
  let wake = () => undefined as void
  for (const event of ['add', 'update', 'delete'] as const)
    informer.on(event, (map: V1ConfigMap) => {
      heard.push(`${event} ${map.metadata?.name}`)
      wake()
    })
  t.teardown(() => informer.stop())
  await informer.start()
  const until = async (event: string) => {
    while (!heard.includes(event)) await new Promise<void>((resolve) => (wake = resolve))
  }
  await until('add before')
  await make('after')
  await until('add after')
  const changed = { metadata: { name: 'after' }, data: { a: 'b' } }
  await core.replaceNamespacedConfigMap({ namespace, name: 'after', body: changed })
  await until('update after')
  await core.deleteNamespacedConfigMap({ namespace, name: 'after' })
  await until('delete after')
  t.same(heard, ['add before', 'add after', 'update after', 'delete after'])
})

t.test('exec', async (t) => {
  const { config } = await start(t)
  const run = async (command: string[], input: string | undefined) => {
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const stdin = input === undefined ? null : new PassThrough()
    const status = await new Promise<V1Status>((resolve, reject) => {
      new Exec(config)
        .exec(namespace, 'p1', 'c', command, stdout, stderr, stdin, false, resolve)
        .then(() => stdin?.write(input), reject)
    })
    stdout.end()
    stderr.end()
    return { status, stdout: await text(stdout), stderr: await text(stderr) }
  }
  t.match(await run(['exit', '7'], undefined), {
    stdout: 'out\n',
    stderr: 'err\n',
    status: { status: 'Failure', reason: 'NonZeroExitCode' },
  })
  t.match(await run(['upper', '6'], 'hello\n'), {
    stdout: 'HELLO\n',
    status: { status: 'Success' },
  })
})

t.test('logs', async (t) => {
  const { config } = await start(t)
  const output = new PassThrough()
  await new Log(config).log(namespace, 'p1', 'c', output, { tailLines: 2 })
  t.equal(await text(output), 'one\ntwo\n')
})

t.test('ports', async (t) => {
  const { config } = await start(t)
  const port = await startWeb(t)
  const forward = new PortForward(config)
  const local = createServer((socket) => {
    void forward.portForward(namespace, 'p1', [port], socket, null, socket)
  })
  await new Promise<void>((resolve) => {
    local.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => local.close())
  const { port: localPort } = local.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${localPort}/x`, {
    headers: { connection: 'close' },
  })
  t.equal(await response.text(), 'web /x\n')
})

t.test('what nodes and pods use', async (t) => {
  const { config } = await start(t)
  const metrics = new Metrics(config)
  t.match((await metrics.getNodeMetrics()).items, [
    { metadata: { name: 'n1' }, usage: { cpu: '250000000n', memory: '1024Ki' } },
  ])
  t.match((await metrics.getPodMetrics(namespace)).items, [
    {
      metadata: { name: 'p1' },
      containers: [{ name: 'c', usage: { cpu: '1000000n', memory: '512Ki' } }],
    },
  ])
})
