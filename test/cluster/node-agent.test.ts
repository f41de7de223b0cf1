import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { listAt, textAt, valueAt } from '../../orchestrator/api/object.ts'
import { startCluster } from './cluster-under-test.ts'

const podKind = { apiVersion: 'v1', kind: 'Pod' }

function pod(name: string, more: object): KubeObject {
  const spec = { nodeName: 'one', terminationGracePeriodSeconds: 1, ...more }
  return { ...podKind, metadata: { name, namespace: 'default' }, spec }
}

const sh = (script: string, more: object = {}) => ({
  name: 'web',
  image: 'host',
  command: ['sh', '-c', script],
  ...more,
})

const phaseIs = (phase: string) => (object: KubeObject) => object.status?.['phase'] === phase
const conditionOf = (object: KubeObject, type: string) =>
  listAt(object, ['status', 'conditions']).find((it) => it['type'] === type)?.['status']
const containerOf = (object: KubeObject, field = 'containerStatuses') =>
  listAt(object, ['status', field])[0]

t.test('a pod runs, is seen, and goes without a trace', async (t) => {
  const { client, until, untilGone, root } = await startCluster(t)
  await client.create(pod('a', { containers: [sh('echo hello; hostname; exec sleep 1000')] }))
  const of = { name: 'a', namespace: 'default' }
  const ready = await until(podKind, of, (object) => conditionOf(object, 'Ready') === 'True')
  t.match(ready.status, {
    phase: 'Running',
    hostIP: '127.0.0.1',
    podIP: /^10\.244\./,
    qosClass: 'BestEffort',
    containerStatuses: [
      {
        name: 'web',
        ready: true,
        started: true,
        restartCount: 0,
        containerID: /^mycontainer:\/\/[0-9a-f]{64}$/,
        state: { running: { startedAt: /Z$/ } },
      },
    ],
  })
  await client.delete(podKind, of)
  await untilGone(podKind, of)
  t.strictSame(readdirSync(join(root, 'pods')), [])
  t.strictSame(readdirSync(join(root, 'addresses')), [])
  t.notOk(existsSync(join(root, 'logs/default_a')))
  const events = (await client.list({ apiVersion: 'v1', kind: 'Event' })).items
  const reasons = events.map((event) => String(event['reason']))
  for (const reason of ['Created', 'Started', 'Killing']) t.ok(reasons.includes(reason), reason)
})

t.test('how pods end', async (t) => {
  const { client, until } = await startCluster(t, { firstBackOff: 200 })
  const rows: readonly [string, object, string, object][] = [
    ['well', sh('exit 0'), 'Succeeded', { terminated: { exitCode: 0, reason: 'Completed' } }],
    ['badly', sh('exit 3'), 'Failed', { terminated: { exitCode: 3, reason: 'Error' } }],
    [
      'with a message',
      sh('echo last words > /dev/termination-log; exit 1'),
      'Failed',
      { terminated: { message: 'last words\n' } },
    ],
    [
      'out of memory',
      sh('exec tail /dev/zero', { resources: { limits: { memory: '40Mi' } } }),
      'Failed',
      { terminated: { exitCode: 137, reason: 'OOMKilled' } },
    ],
    [
      'without its program',
      { name: 'web', image: 'host', command: ['/no/such'] },
      'Failed',
      { terminated: { exitCode: 128, reason: 'StartError' } },
    ],
  ]
  for (const [title, container, phase, state] of rows)
    t.test(title, async (t) => {
      const name = title.replaceAll(' ', '-')
      await client.create(pod(name, { restartPolicy: 'Never', containers: [container] }))
      const ended = await until(podKind, { name, namespace: 'default' }, phaseIs(phase))
      t.match(containerOf(ended)?.['state'], state)
    })
  t.test('a container that keeps failing is started again, later each time', async (t) => {
    await client.create(pod('crash', { containers: [sh('exit 1')] }))
    const seen = await until(podKind, { name: 'crash', namespace: 'default' }, (object) => {
      const status = containerOf(object)
      return (
        textAt(status, ['state', 'waiting', 'reason']) === 'CrashLoopBackOff' &&
        Number(status?.['restartCount']) >= 2
      )
    })
    t.match(containerOf(seen), {
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
      state: {
        waiting: { message: /^back-off .* restarting failed container=web pod=crash_default/ },
      },
    })
    t.equal(seen.status?.['phase'], 'Running')
  })
})

t.test('what a container waits for', async (t) => {
  const { client, until } = await startCluster(t)
  const rows: readonly [string, object, string, RegExp][] = [
    [
      'never',
      sh('', { image: 'no/such:1', imagePullPolicy: 'Never' }),
      'ErrImageNeverPull',
      /not present with pull policy of Never/,
    ],
    ['invalid', sh('', { image: 'UPPER//x' }), 'InvalidImageName', /couldn't parse image name/],
    [
      'pull',
      sh('', { image: '127.0.0.1:9/no/such:1' }),
      'ImagePullBackOff',
      /Back-off pulling image/,
    ],
    [
      'config',
      sh('', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'a' } } }] }),
      'CreateContainerConfigError',
      /configmap "none" not found/,
    ],
  ]
  for (const [name, container, reason, message] of rows)
    t.test(reason, async (t) => {
      await client.create(pod(name, { containers: [container] }))
      const seen = await until(
        podKind,
        { name, namespace: 'default' },
        (object) => textAt(containerOf(object), ['state', 'waiting', 'reason']) === reason,
      )
      t.match(valueAt(containerOf(seen), ['state', 'waiting', 'message']), message)
      t.equal(seen.status?.['phase'], 'Pending')
    })
})

t.test('init containers, then a sidecar, then the rest', async (t) => {
  const { client, until } = await startCluster(t)
  const volumeMounts = [{ name: 'shared', mountPath: '/shared' }]
  const step = (name: string, script: string, more: object = {}) => ({
    ...sh(script, { volumeMounts, ...more }),
    name,
  })
  await client.create(
    pod('steps', {
      restartPolicy: 'Never',
      volumes: [{ name: 'shared', emptyDir: {} }],
      initContainers: [
        step('one', 'echo one >> /shared/order'),
        step('side', 'echo side >> /shared/order; exec sleep 1000', { restartPolicy: 'Always' }),
        step(
          'two',
          'while [ "$(wc -l < /shared/order)" -lt 2 ]; do sleep 0.05; done; echo two >> /shared/order',
        ),
      ],
      containers: [step('main', 'tr "\\n" " " < /shared/order > /dev/termination-log')],
    }),
  )
  const ended = await until(podKind, { name: 'steps', namespace: 'default' }, phaseIs('Succeeded'))
  t.equal(textAt(containerOf(ended), ['state', 'terminated', 'message']), 'one side two ')
})

t.test('an agent that comes back takes its pods over', async (t) => {
  const cluster = await startCluster(t)
  const { client, until, restartAgent, untilGone } = cluster
  const of = { name: 'kept', namespace: 'default' }
  await client.create(pod('kept', { containers: [sh('exec sleep 1000')] }))
  const before = await until(podKind, of, (object) => conditionOf(object, 'Ready') === 'True')
  await restartAgent()
  await client.create(pod('next', { containers: [sh('exec sleep 1000')] }))
  await until(podKind, { ...of, name: 'next' }, (object) => conditionOf(object, 'Ready') === 'True')
  const after = await client.get(podKind, of)
  t.strictSame(containerOf(after)?.['containerID'], containerOf(before)?.['containerID'])
  t.strictSame(containerOf(after)?.['restartCount'], 0)
  t.equal(after.status?.['podIP'], before.status?.['podIP'])
  await client.delete(podKind, of)
  await untilGone(podKind, of)
})

t.test('volumes whose ConfigMap or Secret is missing, or goes', async (t) => {
  const { client, until } = await startCluster(t, { refreshSeconds: 1 })
  const eventSaying =
    (message: string) =>
    async (t: Test): Promise<void> => {
      const kind = { apiVersion: 'v1', kind: 'Event' }
      for (;;) {
        const { items } = await client.list(kind)
        const found = items.find((event) => event['message'] === message)
        if (found) return void t.match(found, { type: 'Warning', reason: 'FailedMount' })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  const volume = (name: string, source: object) => ({
    containers: [sh('sleep 1000', { volumeMounts: [{ name, mountPath: '/data' }] })],
    volumes: [{ name, ...source }],
  })
  await client.create(pod('a', volume('settings', { configMap: { name: 'late' } })))
  await client.create(pod('b', volume('keys', { secret: { secretName: 'never' } })))
  t.test(
    'a ConfigMap that is not there',
    eventSaying('MountVolume.SetUp failed for volume "settings" : configmap "late" not found'),
  )
  t.test(
    'a Secret that is not there',
    eventSaying('MountVolume.SetUp failed for volume "keys" : secret "never" not found'),
  )
  const of = { name: 'late', namespace: 'default' }
  const map = { apiVersion: 'v1', kind: 'ConfigMap' }
  await client.create({ ...map, metadata: of, data: { color: 'blue' } })
  await until(podKind, { name: 'a', namespace: 'default' }, phaseIs('Running'))
  for (const event of (await client.list({ apiVersion: 'v1', kind: 'Event' })).items)
    await client.delete(event, { name: event.metadata.name ?? '', namespace: 'default' })
  await client.delete(map, of)
  t.test(
    'one that goes while its pod runs',
    eventSaying('MountVolume.SetUp failed for volume "settings" : configmap "late" not found'),
  )
})
