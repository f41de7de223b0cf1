import t from 'tap'
import { choosePlugins } from '../../../orchestrator/scheduler/default-plugins.ts'
import { makeHeap } from '../../../orchestrator/scheduler/queue/heap.ts'
import { makeSchedulingQueue } from '../../../orchestrator/scheduler/queue/scheduling-queue.ts'
import type { ClusterChange } from '../../../orchestrator/scheduler/cluster-change.ts'
import type { PodInfo } from '../../../orchestrator/scheduler/pod-info.ts'
import { makeNode, makePod } from './fixtures.ts'

function makeQueue() {
  const clock = { now: 1000 }
  const gated: string[] = []
  const queue = makeSchedulingQueue({
    plugins: choosePlugins(),
    now: () => clock.now,
    firstBackoff: 1000,
    longestBackoff: 10_000,
    longestWait: 300_000,
    onReady: () => undefined,
    onGated: ({ pod }) => gated.push(pod.name),
  })
  return { queue, clock, gated }
}

t.test('a heap gives the least first', async (t) => {
  const heap = makeHeap<number>((a, b) => a - b)
  const numbers = [5, 3, 9, 1, 7, 3, 8, 0]
  for (const number of numbers) heap.push(number)
  t.same(
    numbers.map(() => heap.pop()),
    numbers.toSorted((a, b) => a - b),
  )
  t.equal(heap.pop(), undefined)
})

t.test('priority first, then who came first', async (t) => {
  const { queue, clock } = makeQueue()
  for (const [name, priority] of [
    ['a', 0],
    ['b', 5],
    ['c', 0],
    ['d', 5],
  ] as const) {
    clock.now++
    queue.add(makePod(name, { spec: { priority } }))
  }
  t.same(
    ['b', 'd', 'a', 'c'].map(() => queue.take()?.pod.name),
    ['b', 'd', 'a', 'c'],
  )
  t.equal(queue.take(), undefined)
})

const taints = [{ key: 'k', value: 'v', effect: 'NoSchedule' }]
const plain = makeNode('n1')
const tainted = makeNode('n1', { spec: { taints } })
const web = { labels: { app: 'web' } }
const hostPort = (port: number) => ({
  spec: { containers: [{ name: 'c', ports: [{ hostPort: port }] }] },
})
const nearWeb = {
  spec: {
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'z', labelSelector: { matchLabels: { app: 'web' } } },
        ],
      },
    },
  },
}

const hints: {
  name: string
  pod: PodInfo
  rejectedBy: string
  change: ClusterChange
  comesBack: boolean
}[] = [
  {
    name: 'a pod that leaves gives its requests back',
    pod: makePod('a', { cpu: '1' }),
    rejectedBy: 'NodeResourcesFit',
    change: { type: 'pod-gone', pod: makePod('b') },
    comesBack: true,
  },
  {
    name: 'a pod that leaves and still leaves too little',
    pod: makePod('a', { cpu: '3' }),
    rejectedBy: 'NodeResourcesFit',
    change: {
      type: 'pod-gone',
      pod: makePod('b', { cpu: '1' }),
      left: makeNode('n1', { cpu: '4' }, [makePod('c', { cpu: '2' })]),
    },
    comesBack: false,
  },
  {
    name: 'a pod that leaves beside others of lower priority',
    pod: makePod('a', { cpu: '3', spec: { priority: 1 } }),
    rejectedBy: 'NodeResourcesFit',
    change: {
      type: 'pod-gone',
      pod: makePod('b', { cpu: '1' }),
      left: makeNode('n1', { cpu: '4' }, [makePod('c', { cpu: '2' })]),
    },
    comesBack: true,
  },
  {
    name: 'a node that is too small even when empty',
    pod: makePod('a', { cpu: '8' }),
    rejectedBy: 'NodeResourcesFit',
    change: { type: 'node-added', node: plain },
    comesBack: false,
  },
  {
    name: 'a taint that is taken away',
    pod: makePod('a'),
    rejectedBy: 'TaintToleration',
    change: { type: 'node-taints', node: plain, before: tainted },
    comesBack: true,
  },
  {
    name: 'a node with a taint that is not tolerated',
    pod: makePod('a'),
    rejectedBy: 'TaintToleration',
    change: { type: 'node-added', node: tainted },
    comesBack: false,
  },
  {
    name: 'a pod that leaves does not lift a taint',
    pod: makePod('a'),
    rejectedBy: 'TaintToleration',
    change: { type: 'pod-gone', pod: makePod('b') },
    comesBack: false,
  },
  {
    name: 'labels that are wanted',
    pod: makePod('a', { spec: { nodeSelector: { disk: 'ssd' } } }),
    rejectedBy: 'NodeAffinity',
    change: {
      type: 'node-labels',
      node: makeNode('n', { labels: { disk: 'ssd' } }),
      before: plain,
    },
    comesBack: true,
  },
  {
    name: 'another port is freed',
    pod: makePod('a', hostPort(80)),
    rejectedBy: 'NodePorts',
    change: { type: 'pod-gone', pod: makePod('b', hostPort(81)) },
    comesBack: false,
  },
  {
    name: 'the pod to be near to has a node',
    pod: makePod('a', nearWeb),
    rejectedBy: 'InterPodAffinity',
    change: { type: 'pod-assigned', pod: makePod('b', web) },
    comesBack: true,
  },
  {
    name: 'some other pod has a node',
    pod: makePod('a', nearWeb),
    rejectedBy: 'InterPodAffinity',
    change: { type: 'pod-assigned', pod: makePod('b') },
    comesBack: false,
  },
]

for (const { name, pod, rejectedBy, change, comesBack } of hints)
  t.test(`${rejectedBy}: ${name}`, async (t) => {
    const { queue } = makeQueue()
    queue.add(pod)
    queue.giveBack(queue.take()!, [rejectedBy])
    t.equal(queue.take(), undefined)
    queue.onChange(change)
    t.equal(queue.take()?.pod.name, comesBack ? pod.name : undefined)
  })

t.test('who waits out a backoff comes after those who do not', async (t) => {
  const { queue } = makeQueue()
  queue.add(makePod('a'))
  queue.giveBack(queue.take()!, ['NodeResourcesFit'])
  queue.onChange({ type: 'pod-gone', pod: makePod('x') })
  queue.add(makePod('b'))
  t.equal(queue.take()?.pod.name, 'b')
  const again = queue.take()
  t.match(again, { attempts: 2, pod: { name: 'a' } })
})

t.test('after a failure that is nobody’s fault the backoff is kept', async (t) => {
  const { queue, clock } = makeQueue()
  queue.add(makePod('a'))
  queue.retry(queue.take()!)
  t.equal(queue.take(), undefined)
  t.equal(queue.flush(), 1000)
  clock.now += 1000
  t.equal(queue.take()?.pod.name, 'a')
})

t.test('gates keep a pod until they are gone', async (t) => {
  const { queue, gated } = makeQueue()
  queue.add(makePod('a', { spec: { schedulingGates: [{ name: 'x' }] } }))
  t.equal(queue.take(), undefined)
  t.same(gated, ['a'])
  queue.update(makePod('a'))
  t.equal(queue.take()?.pod.name, 'a')
})

t.test('an update of what a pod asks for brings it back, one of its status does not', async (t) => {
  const { queue } = makeQueue()
  queue.add(makePod('a', { cpu: '9' }))
  queue.giveBack(queue.take()!, ['NodeResourcesFit'])
  queue.update(makePod('a', { cpu: '9', status: { reason: 'x' } }))
  t.equal(queue.take(), undefined)
  queue.update(makePod('a', { cpu: '1' }))
  t.equal(queue.take()?.pod.requests.cpu, 1000)
})

t.test('what nothing brings back is tried in the end', async (t) => {
  const { queue, clock } = makeQueue()
  queue.add(makePod('a'))
  queue.giveBack(queue.take()!, ['NodeName'])
  clock.now += 300_001
  queue.flush()
  t.equal(queue.take()?.pod.name, 'a')
})

t.test('a pod that is gone is not tried', async (t) => {
  const { queue } = makeQueue()
  queue.add(makePod('a'))
  queue.remove('uid-a')
  t.equal(queue.take(), undefined)
  t.equal(queue.size, 0)
})
