import { readFileSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { StatusError } from '../../../orchestrator/api/status-error.ts'
import type { Client } from '../../../orchestrator/client/client.ts'
import { makeEventRecorder } from '../../../orchestrator/client/event-recorder.ts'
import { makeHttpClient } from '../../../orchestrator/client/http-client.ts'
import { makeInformer } from '../../../orchestrator/client/informer.ts'
import { makeLocalClient } from '../../../orchestrator/client/local-client.ts'
import { runServer } from '../../../orchestrator/server/run-server.ts'
import type { RunningServer } from '../../../orchestrator/server/run-server.ts'

const config = { apiVersion: 'v1', kind: 'ConfigMap' }

async function start(t: Test): Promise<RunningServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'client-'))
  const server = await runServer({ dataDir, host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    await server.close()
    rmSync(dataDir, { recursive: true, force: true })
  })
  return server
}

function overTls(t: Test, server: RunningServer): Client {
  const field = (name: string): string => {
    const text = new RegExp(`${name}": "([^"]+)`).exec(readFileSync(server.kubeconfig, 'utf8'))?.[1]
    return Buffer.from(text ?? '', 'base64').toString()
  }
  const client = makeHttpClient({
    server: server.url,
    authority: field('certificate-authority-data'),
    certificate: field('client-certificate-data'),
    key: field('client-key-data'),
  })
  t.teardown(() => client.close())
  return client
}

const named = (name: string, data: Record<string, string> = {}): KubeObject => ({
  ...config,
  metadata: { name, namespace: 'default', labels: { test: 'client' } },
  data,
})

const transports = [
  [
    'in the process',
    (_: Test, server: RunningServer) =>
      makeLocalClient(server.api, { name: 'admin', groups: ['system:masters'] }),
  ],
  ['over TLS', overTls],
] as const

for (const [title, open] of transports)
  t.test(title, async (t) => {
    const client = open(t, await start(t))
    const made = await client.create(named('a', { x: '1' }))
    t.match(made, { metadata: { name: 'a', uid: /./ } })
    await t.rejects(client.create(named('a')), /already exists/)
    const of = { name: 'a', namespace: 'default' }
    t.match(await client.get(config, of), { kind: 'ConfigMap', data: { x: '1' } })
    t.match(await client.update({ ...made, data: { x: '2' } }), { data: { x: '2' } })
    await t.rejects(client.update({ ...made, data: { x: '3' } }), /object has been modified/)
    t.match(await client.patch(config, of, 'merge', { data: { y: '1' } }), {
      data: { x: '2', y: '1' },
    })
    const { items } = await client.list(config, { labelSelector: 'test=client' })
    t.match(items, [{ kind: 'ConfigMap', metadata: { name: 'a' } }])
    await client.delete(config, of)
    await t.rejects(client.get(config, of), /not found/)
    t.match(await client.request('GET', '/version'), { major: '1' })

    const informer = makeInformer(client, config, { labelSelector: 'test=client' })
    t.teardown(() => informer.stop())
    const seen: string[] = []
    const heard = Promise.withResolvers<void>()
    informer.addIndex('x', (object) => [(object['data'] as { x?: string }).x ?? ''])
    informer.onChange((object, isThere, previous) => {
      seen.push(`${object.metadata.name} ${isThere} ${previous !== undefined}`)
      if (seen.length === 4) heard.resolve()
    })
    await client.create(named('b', { x: '7' }))
    await informer.synced
    await client.create(named('c', { x: '7' }))
    await client.patch(config, { name: 'b', namespace: 'default' }, 'merge', { data: { x: '8' } })
    await client.delete(config, { name: 'c', namespace: 'default' })
    await heard.promise
    t.strictSame(seen, ['b true false', 'c true false', 'b true true', 'c false true'])
    t.strictSame(
      informer.list().map(({ metadata }) => metadata.name),
      ['b'],
    )
    t.equal(informer.byIndex('x', '8').length, 1)
    t.equal(informer.byIndex('x', '7').length, 0)

    const tell = makeEventRecorder(client, 'test')
    const text = { type: 'Normal', reason: 'Tried', message: 'it did' } as const
    const events = { apiVersion: 'v1', kind: 'Event' }
    const counted = makeInformer(client, events)
    t.teardown(() => counted.stop())
    const twice = Promise.withResolvers<KubeObject>()
    counted.onChange((event) => event['count'] === 2 && twice.resolve(event))
    const about = await client.get(config, { name: 'b', namespace: 'default' })
    tell(about, text)
    tell(about, text)
    t.match(await twice.promise, {
      reason: 'Tried',
      involvedObject: { name: 'b', kind: 'ConfigMap' },
    })
  })

t.test('an informer goes on where it was when the server was away', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'client-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const before = await runServer({ dataDir, host: '127.0.0.1', port: 0 })
  const client = overTls(t, before)
  const port = Number(new URL(before.url).port)
  const informer = makeInformer(client, config, { labelSelector: 'test=client' }, { firstWait: 20 })
  t.teardown(() => informer.stop())
  await informer.synced
  await before.close()
  const after = await runServer({ dataDir, host: '127.0.0.1', port })
  t.teardown(() => after.close())
  const heard = Promise.withResolvers<void>()
  informer.onChange(({ metadata }) => metadata.name === 'late' && heard.resolve())
  await makeLocalClient(after.api, { name: 'admin', groups: ['system:masters'] }).create(
    named('late'),
  )
  await heard.promise
  t.pass('heard of what came after')
})

t.test('an informer lists anew when the server has forgotten where it was', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'client-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const options = { dataDir, host: '127.0.0.1', controls: false, schedules: false }
  const before = await runServer({ ...options, port: 0 })
  const client = overTls(t, before)
  const port = Number(new URL(before.url).port)
  await client.create(named('lost'))
  await client.create(named('kept'))
  const problems: unknown[] = []
  const informer = makeInformer(
    client,
    config,
    { labelSelector: 'test=client' },
    { firstWait: 20, onProblem: (_what, error) => problems.push(error) },
  )
  t.teardown(() => informer.stop())
  await informer.synced
  const heard: string[] = []
  const late = Promise.withResolvers<void>()
  informer.onChange(({ metadata }, isThere) => {
    heard.push(`${metadata.name} ${isThere}`)
    if (heard.includes('late true') && heard.includes('lost false')) late.resolve()
  })
  await before.close()

  const meanwhile = await runServer({ ...options, port: 0 })
  const admin = makeLocalClient(meanwhile.api, { name: 'admin', groups: ['system:masters'] })
  await admin.delete(config, { name: 'lost', namespace: 'default' })
  const { metadata } = await admin.create(named('late'))
  await meanwhile.api.context.store.compact(Number(metadata.resourceVersion))
  await meanwhile.close()

  const after = await runServer({ ...options, port })
  t.teardown(() => after.close())
  await late.promise
  t.strictSame(
    heard.filter((entry) => entry.startsWith('kept')),
    ['kept true'],
    'what is as it was is no change',
  )
  t.ok(problems.some((error) => error instanceof StatusError && error.status.code === 410))
})
