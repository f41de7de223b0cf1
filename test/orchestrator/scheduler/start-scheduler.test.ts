import t from 'tap'
import type { Test } from 'tap'
import { listAt, textAt } from '../../../orchestrator/api/object.ts'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import type { WatchEvent } from '../../../orchestrator/client/client.ts'
import { makeLocalClient } from '../../../orchestrator/client/local-client.ts'
import { makeDecisionLog } from '../../../orchestrator/scheduler/decision-log.ts'
import { startScheduler } from '../../../orchestrator/scheduler/start-scheduler.ts'
import type { SchedulerOptions } from '../../../orchestrator/scheduler/start-scheduler.ts'
import { makeDecisionRoute } from '../../../orchestrator/server/decision-routes.ts'
import type { Span } from '../../../orchestrator/trace/span.ts'
import { openApi } from '../server/api-under-test.ts'
import { nodeObject } from './fixtures.ts'

const podKind = { apiVersion: 'v1', kind: 'Pod' }

/** A scheduler over an API server of its own. */
async function open(t: Test, more: Partial<SchedulerOptions> = {}) {
  const { server } = await openApi(t)
  const user = { name: 'admin', groups: ['system:masters'] }
  const client = makeLocalClient(server, user)
  const decisions = makeDecisionLog()
  server.context.routes.add('/myorch/v1/decisions', makeDecisionRoute(decisions))
  const spans: Span[] = []
  const start = async () => {
    const scheduler = await startScheduler({
      client,
      decisions,
      record: (span) => spans.push(span),
      firstBackoff: 20,
      ...more,
    })
    t.teardown(() => scheduler.stop())
  }
  await start()
  /** What a kind is like once it is as asked for. */
  const until = (
    kind: string,
    name: string,
    isDone: (object: KubeObject) => boolean,
  ): Promise<KubeObject> => {
    const { promise, resolve, reject } = Promise.withResolvers<KubeObject>()
    const stopping = new AbortController()
    void client
      .watch(
        { apiVersion: 'v1', kind },
        {
          resourceVersion: '0',
          signal: stopping.signal,
          onEvent: ({ object }) => {
            const of = kind === 'Event' ? textAt(object, ['involvedObject', 'name']) : undefined
            if ((of ?? object.metadata.name) !== name || !isDone(object)) return
            stopping.abort()
            resolve(object)
          },
        },
      )
      .catch(reject)
    return promise
  }
  return {
    client,
    spans,
    until,
    addNode: (name: string, wish = {}) => client.create(nodeObject(name, wish)),
    addPod: (name: string, wish: PodWish = {}) => client.create(podOf(name, wish)),
    bound: async (name: string) => {
      const pod = await until('Pod', name, ({ spec }) => Boolean(spec?.['nodeName']))
      return pod.spec?.['nodeName']
    },
    told: (name: string, reason: string) =>
      until('Event', name, (event) => event['reason'] === reason),
  }
}

interface PodWish {
  readonly cpu?: string
  readonly spec?: object
}

function podOf(name: string, { cpu = '1', spec }: PodWish): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      containers: [{ name: 'c', image: 'web', resources: { requests: { cpu } } }],
      ...spec,
    },
  }
}

const conditionOf = (pod: KubeObject, type: string) =>
  listAt(pod, ['status', 'conditions']).find((condition) => condition['type'] === type)

t.test('a pod gets a node, an event, a span and a decision', async (t) => {
  const { addNode, addPod, bound, told, client, spans, until } = await open(t)
  await addNode('n1')
  await addPod('a')
  t.equal(await bound('a'), 'n1')
  t.equal((await told('a', 'Scheduled'))['message'], 'Successfully assigned default/a to n1')
  const pod = await until('Pod', 'a', (one) => conditionOf(one, 'PodScheduled') !== undefined)
  t.match(conditionOf(pod, 'PodScheduled'), { status: 'True' })
  t.match(
    spans.map(({ action }) => action),
    ['choose node n1', 'bind to node n1'],
  )
  const decision = await client.request('GET', '/myorch/v1/decisions/default/a')
  t.match(decision, { outcome: 'Scheduled', node: 'n1', nodes: [{ node: 'n1' }] })
  const missing = client.request('GET', '/myorch/v1/decisions/default/none')
  t.match(await missing.catch((error: unknown) => error), { status: { code: 404 } })
})

t.test('a pod that fits nowhere says why, and is placed when a node comes', async (t) => {
  const { addNode, addPod, bound, told, until } = await open(t)
  await addNode('n1', { cpu: '1' })
  await addPod('a', { cpu: '2' })
  const { message } = await told('a', 'FailedScheduling')
  t.equal(
    message,
    '0/1 nodes are available: 1 Insufficient cpu. ' +
      'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  )
  const pod = await until('Pod', 'a', (one) => conditionOf(one, 'PodScheduled') !== undefined)
  t.match(conditionOf(pod, 'PodScheduled'), { status: 'False', reason: 'Unschedulable', message })
  await addNode('n2')
  t.equal(await bound('a'), 'n2')
})

t.test('a pod that leaves makes room for one that waits', async (t) => {
  const { addNode, addPod, bound, told, client } = await open(t)
  await addNode('n1', { cpu: '1' })
  await addPod('a')
  await bound('a')
  await addPod('b')
  await told('b', 'FailedScheduling')
  await client.delete(podKind, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 })
  t.equal(await bound('b'), 'n1')
})

t.test('pods of lower priority give way', async (t) => {
  const { addNode, addPod, bound, told, client, until } = await open(t)
  const priorityClass = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' }
  await client.create({ ...priorityClass, metadata: { name: 'high' }, value: 1000 })
  await addNode('n1', { cpu: '1' })
  await addPod('low')
  await bound('low')
  await addPod('high', { spec: { priorityClassName: 'high' } })
  const high = await until('Pod', 'high', ({ status }) => Boolean(status?.['nominatedNodeName']))
  t.equal(high.status?.['nominatedNodeName'], 'n1')
  const low = await until('Pod', 'low', ({ metadata }) => metadata.deletionTimestamp !== undefined)
  t.match(conditionOf(low, 'DisruptionTarget'), {
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: 'default-scheduler: preempting to accommodate a higher priority pod',
  })
  t.equal(
    (await told('low', 'Preempted'))['message'],
    `Preempted by pod ${high.metadata.uid} on node n1`,
  )
  // No agent is there to say that it has ended.
  await client.delete(podKind, { namespace: 'default', name: 'low' }, { gracePeriodSeconds: 0 })
  t.equal(await bound('high'), 'n1')
})

t.test('a pod with gates waits for them to go', async (t) => {
  const { addNode, addPod, bound, client, until } = await open(t)
  await addNode('n1')
  await addPod('a', { spec: { schedulingGates: [{ name: 'example.com/wait' }] } })
  const pod = await until('Pod', 'a', (one) => conditionOf(one, 'PodScheduled') !== undefined)
  t.match(conditionOf(pod, 'PodScheduled'), { status: 'False', reason: 'SchedulingGated' })
  const spec = { schedulingGates: null }
  await client.patch(podKind, { namespace: 'default', name: 'a' }, 'merge', { spec })
  t.equal(await bound('a'), 'n1')
})

t.test('pods of another scheduler are left to it, but counted', async (t) => {
  const { addNode, addPod, bound, told } = await open(t, { schedulerName: 'mine' })
  await addNode('n1', { cpu: '1' })
  await addPod('theirs', { spec: { nodeName: 'n1' } })
  await addPod('other')
  await addPod('ours', { spec: { schedulerName: 'mine' } })
  t.match((await told('ours', 'FailedScheduling'))['message'], /Insufficient cpu/)
  await addNode('n2')
  t.equal(await bound('ours'), 'n2')
})

t.test('many pods at once go where there is room', async (t) => {
  const { addNode, addPod, bound } = await open(t)
  await Promise.all(['n1', 'n2', 'n3'].map((name) => addNode(name, { cpu: '10' })))
  const names = Array.from({ length: 30 }, (_, index) => `p${index}`)
  await Promise.all(names.map((name) => addPod(name)))
  const counts = Map.groupBy(await Promise.all(names.map(bound)), (node) => node)
  t.same(
    [...counts.values()].map(({ length }) => length),
    [10, 10, 10],
  )
})

/** The same numbers each time. */
function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

t.test('whatever comes and goes, no node is promised twice', async (t) => {
  const random = makeRandom(7)
  const { addNode, addPod, client } = await open(t, { random })
  const room = 8
  await Promise.all([0, 1, 2, 3].map((index) => addNode(`n${index}`, { cpu: String(room) })))
  const living = new Set<string>()
  for (let index = 0; index < 150; index++) {
    const name = `p${index}`
    const cpu = String(1 + Math.floor(random() * 4))
    await addPod(name, { cpu })
    living.add(name)
    const [oldest] = living
    if (random() < 0.6 && oldest !== undefined) {
      living.delete(oldest)
      await client.delete(
        podKind,
        { namespace: 'default', name: oldest },
        { gracePeriodSeconds: 0 },
      )
    }
  }
  // In the end nothing waits that would fit: what leaves brings back whom it helps.
  const pods = new Map<string, KubeObject>()
  const stopping = new AbortController()
  const onEvent = ({ type, object }: WatchEvent) => {
    if (type === 'DELETED') pods.delete(object.metadata.name ?? '')
    else pods.set(object.metadata.name ?? '', object)
    const { free, isSettled } = sumUp(pods.values(), room)
    if (free.some((cpu) => cpu < 0)) t.fail(`more is promised than there is: ${free.join()}`)
    if (pods.size === living.size && isSettled) stopping.abort()
  }
  await client.watch(podKind, { resourceVersion: '0', signal: stopping.signal, onEvent })
  t.equal(pods.size, living.size)
})

function sumUp(pods: Iterable<KubeObject>, room: number) {
  const free = new Map([0, 1, 2, 3].map((index) => [`n${index}`, room]))
  const waiting: number[] = []
  for (const pod of pods) {
    const container = listAt(pod, ['spec', 'containers'])[0]
    const cpu = Number(textAt(container, ['resources', 'requests', 'cpu']))
    const node = textAt(pod, ['spec', 'nodeName'])
    if (node === undefined) waiting.push(cpu)
    else free.set(node, (free.get(node) ?? 0) - cpu)
  }
  const most = Math.max(...free.values())
  return { free: [...free.values()], isSettled: waiting.every((cpu) => cpu > most) }
}

t.test('what waited before the scheduler was there is found', async (t) => {
  const { server } = await openApi(t)
  const client = makeLocalClient(server, { name: 'admin', groups: ['system:masters'] })
  await client.create(nodeObject('n1'))
  await client.create(podOf('a', {}))
  const decisions = makeDecisionLog()
  const { promise, resolve } = Promise.withResolvers<string>()
  const record = ({ action }: Span) => {
    if (action.startsWith('bind')) resolve(action)
  }
  const scheduler = await startScheduler({ client, decisions, record })
  t.teardown(() => scheduler.stop())
  t.equal(await promise, 'bind to node n1')
})
