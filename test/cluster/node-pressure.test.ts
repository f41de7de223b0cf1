import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { JsonObject, KubeObject } from '../../orchestrator/api/object.ts'
import { listAt } from '../../orchestrator/api/object.ts'
import { startCluster } from './cluster-under-test.ts'

const podKind = { apiVersion: 'v1', kind: 'Pod' }
const nodeKind = { apiVersion: 'v1', kind: 'Node' }

function pod(name: string, memory: string | undefined): KubeObject {
  const resources: JsonObject = memory === undefined ? {} : { requests: { memory } }
  const containers = [{ name: 'web', image: 'host', command: ['sleep', '1000'], resources }]
  const spec = { nodeName: 'one', terminationGracePeriodSeconds: 0, containers }
  return { ...podKind, metadata: { name, namespace: 'default' }, spec }
}

const conditionIs = (type: string, status: string) => (node: KubeObject) =>
  listAt(node, ['status', 'conditions']).some(
    (it) => it['type'] === type && it['status'] === status,
  )

t.test('a node that runs short of memory', async (t) => {
  // Nothing is short but what this says: no machine has so much.
  const settings = { evictionHard: '', pressureSeconds: 0.2, pressureTransitionSeconds: 3600 }
  const calm = await startCluster(t, settings)
  const { client, until, restartAgent } = calm
  const phaseOf = (name: string, phase: string) =>
    until(podKind, { name, namespace: 'default' }, (it) => it.status?.['phase'] === phase)
  await until(nodeKind, { name: 'one' }, conditionIs('MemoryPressure', 'False'))
  await client.create(pod('asked', '1Gi'))
  await client.create(pod('greedy', undefined))
  for (const name of ['asked', 'greedy']) await phaseOf(name, 'Running')
  await restartAgent({ ...settings, evictionHard: 'memory.available<1Pi' })
  await until(nodeKind, { name: 'one' }, conditionIs('MemoryPressure', 'True'))
  t.test('ends first who uses what was not asked for', async (t) => {
    const ended = await phaseOf('greedy', 'Failed')
    t.match(ended.status, {
      reason: 'Evicted',
      message:
        /^The node was low on resource: memory\. Threshold quantity: 1Pi, available: .*\. Container web was using .*, request is 0, has larger consumption of memory\. $/,
    })
    const conditions = ended.status?.['conditions'] as { type: string }[]
    t.match(
      conditions.find(({ type }) => type === 'DisruptionTarget'),
      { status: 'True', reason: 'TerminationByKubelet', message: /low on resource: memory/ },
      'a Job can tell it from a failure of its own',
    )
  })
  t.test('goes on with the others while it is short', async (t) => {
    t.match((await phaseOf('asked', 'Failed')).status, { reason: 'Evicted' })
  })
  t.test('takes no pod that asks for no memory', async (t) => {
    await client.create(pod('late', undefined))
    t.match((await phaseOf('late', 'Failed')).status, {
      reason: 'Evicted',
      message: 'Pod was rejected: The node had condition: [MemoryPressure]. ',
    })
  })
  t.test('says so', async (t) => {
    const events = (await client.list({ apiVersion: 'v1', kind: 'Event' })).items
    const reasons = events.map((event) => String(event['reason']))
    for (const reason of ['EvictionThresholdMet', 'Evicted']) t.ok(reasons.includes(reason), reason)
  })
})

t.test('a node that is short for a while lets its pods end by themselves', async (t) => {
  const settings = { pressureSeconds: 0.2, evictionHard: '' }
  const { client, until, restartAgent } = await startCluster(t, settings)
  const polite = pod('polite', '1Gi')
  const container = { name: 'web', image: 'host' }
  const command = ['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done']
  const spec = { nodeName: 'one', terminationGracePeriodSeconds: 20 }
  await client.create({
    ...polite,
    spec: { ...spec, containers: [{ ...container, command }] },
  })
  const of = { name: 'polite', namespace: 'default' }
  await until(podKind, of, (it) => it.status?.['phase'] === 'Running')
  const soft = { evictionSoft: 'memory.available<1Pi', evictionMaxPodGraceSeconds: 10 }
  await restartAgent({ ...settings, ...soft, evictionSoftGracePeriod: 'memory.available=2s' })
  await until(nodeKind, { name: 'one' }, conditionIs('MemoryPressure', 'True'))
  t.match((await client.get(podKind, of)).status, { phase: 'Running' }, 'the node says so first')
  const ended = await until(podKind, of, (it) => it.status?.['phase'] === 'Failed')
  t.match(ended.status, {
    reason: 'Evicted',
    message: /^The node was low on resource: memory\. Threshold quantity: 1Pi, available: /,
    containerStatuses: [{ state: { terminated: { exitCode: 3 } } }],
  })
})

t.test('images that nobody uses go when the disk is full', async (t) => {
  const { client, until, root } = await startCluster(t, {
    evictionHard: '',
    imageGcHighPercent: 0,
    imageGcLowPercent: 0,
    imageMinAgeSeconds: 0.5,
    imageGcSeconds: 0.3,
    renewSeconds: 0.3,
  })
  const program = join(import.meta.dirname, '../../bin/myimage')
  const myimage = (...words: readonly string[]): string =>
    execFileSync(program, ['--root', join(root, 'runtime'), ...words], { encoding: 'utf8' })
  const folder = t.testdir({ bin: {} })
  execFileSync('cp', ['/bin/busybox', join(folder, 'bin/sh')])
  const archive = join(t.testdirName, '../image.tar')
  t.teardown(() => execFileSync('rm', ['-f', archive]))
  execFileSync('tar', ['-cf', archive, '-C', folder, 'bin'])
  const container = { name: 'web', image: 'used:1', imagePullPolicy: 'Never' }
  const command = ['sh', '-c', 'while :; do sleep 1; done']
  const used = pod('uses', undefined)
  await client.create({ ...used, spec: { ...used.spec, containers: [{ ...container, command }] } })
  myimage('import', archive, 'used:1')
  myimage('import', '--message', 'another', archive, 'unused:1')
  const has = (name: string) => (node: KubeObject) =>
    JSON.stringify(node.status?.['images'] ?? []).includes(`/${name}`)
  const seen = await until(
    nodeKind,
    { name: 'one' },
    (node) => has('used:1')(node) && !has('unused:1')(node) && myimage('ls').includes('used'),
  )
  t.ok(has('used:1')(seen))
  const left = myimage('ls')
  t.match(left, /\bused\b/)
  t.notMatch(left, /unused/)
})
