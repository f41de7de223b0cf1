import t from 'tap'
import { makeClusterCache } from '../../../orchestrator/scheduler/cluster/cluster-cache.ts'
import { makeSurroundings } from '../../../orchestrator/scheduler/cluster/surroundings.ts'
import { countPods } from '../../../orchestrator/scheduler/node-info.ts'
import { findNode } from '../../../orchestrator/scheduler/snapshot.ts'
import { makePod, nodeObject, podObject } from './fixtures.ts'

function makeCache() {
  const surroundings = makeSurroundings()
  const cache = makeClusterCache(surroundings)
  return { cache, surroundings, requested: () => findNode(cache.snapshot(), 'n1')?.requested.cpu }
}

t.test('what is assumed counts at once, and once only when it is confirmed', async (t) => {
  const { cache, requested } = makeCache()
  t.match(cache.setNode(nodeObject('n1')), [{ type: 'node-added' }])
  cache.assume(makePod('a', { cpu: '1' }), 'n1')
  t.equal(requested(), 1000)
  t.same(cache.setPod(podObject('a', { cpu: '1', node: 'n1' })), [])
  t.equal(requested(), 1000)
  t.same(cache.forget('uid-a'), [], 'what is confirmed is not forgotten')
  t.match(cache.removePod('uid-a'), [{ type: 'pod-gone' }])
  t.equal(requested(), 0)
})

t.test('what did not come true is given back', async (t) => {
  const { cache, requested } = makeCache()
  cache.setNode(nodeObject('n1'))
  cache.assume(makePod('a', { cpu: '1' }), 'n1')
  t.match(cache.forget('uid-a'), [{ type: 'pod-gone' }])
  t.equal(requested(), 0)
  t.notOk(cache.has('uid-a'))
})

t.test('a pod that has ended uses nothing', async (t) => {
  const { cache, requested } = makeCache()
  cache.setNode(nodeObject('n1'))
  cache.setPod(podObject('a', { cpu: '1', node: 'n1' }))
  const ended = podObject('a', { cpu: '1', node: 'n1', status: { phase: 'Succeeded' } })
  t.match(cache.setPod(ended), [{ type: 'pod-gone' }])
  t.equal(requested(), 0)
})

t.test('pods of a node that comes later, or again', async (t) => {
  const { cache, requested } = makeCache()
  cache.setPod(podObject('a', { cpu: '1', node: 'n1' }))
  cache.setNode(nodeObject('n1'))
  t.equal(requested(), 1000)
  cache.removeNode('n1')
  t.equal(requested(), undefined)
  cache.setNode(nodeObject('n1'))
  t.equal(requested(), 1000)
})

t.test('a snapshot stays as it was', async (t) => {
  const { cache } = makeCache()
  cache.setNode(nodeObject('n1'))
  const before = cache.snapshot()
  cache.assume(makePod('a', { cpu: '1' }), 'n1')
  const after = cache.snapshot()
  t.equal(findNode(before, 'n1')?.pods.length, 0)
  t.equal(findNode(after, 'n1')?.pods.length, 1)
})

t.test('what changes of a node is told', async (t) => {
  const { cache } = makeCache()
  cache.setNode(nodeObject('n1'))
  t.same(cache.setNode(nodeObject('n1')), [])
  t.match(cache.setNode(nodeObject('n1', { labels: { a: 'b' } })), [{ type: 'node-labels' }])
  const cordoned = nodeObject('n1', { labels: { a: 'b' }, spec: { unschedulable: true } })
  t.match(cache.setNode(cordoned), [{ type: 'node-taints' }])
})

const everyPod = { key: 'all', isCounted: () => true }

t.test('counts follow the pods of a node', async (t) => {
  const { cache } = makeCache()
  cache.setNode(nodeObject('n1'))
  const count = () => countPods(findNode(cache.snapshot(), 'n1')!, everyPod)
  t.equal(count(), 0)
  cache.assume(makePod('a'), 'n1')
  t.equal(count(), 1)
  cache.setNode(nodeObject('n1', { labels: { x: 'y' } }))
  t.equal(count(), 1)
  cache.removePod('uid-a')
  t.equal(count(), 0)
})

t.test('on how many nodes an image is', async (t) => {
  const { cache } = makeCache()
  const images = [{ names: ['web:1'], sizeBytes: 1 }]
  cache.setNode(nodeObject('n1', { images }))
  t.equal(cache.snapshot().imageNodes.get('web:1'), 1)
  cache.setNode(nodeObject('n2', { images }))
  t.equal(cache.snapshot().imageNodes.get('web:1'), 2)
  cache.removeNode('n1')
  t.equal(cache.snapshot().imageNodes.get('web:1'), 1)
})

t.test('siblings: by services and by the owner', async (t) => {
  const { cache, surroundings } = makeCache()
  const pod = makePod('a', {
    labels: { app: 'web', hash: '1' },
    metadata: {
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'r' }],
    },
  })
  t.equal(cache.snapshot().siblingsOf(pod), undefined)
  surroundings.setSelector({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 's', uid: 's' },
    spec: { selector: { app: 'web' } },
  })
  const keys = () =>
    cache
      .snapshot()
      .siblingsOf(pod)
      ?.requirements.map(({ key }) => key)
  t.same(keys(), ['app'])
  surroundings.setSelector({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { namespace: 'default', name: 'r', uid: 'r' },
    spec: { selector: { matchLabels: { hash: '1' } } },
  })
  t.same(keys(), ['app', 'hash'])
})

t.test('zones come in turns', async (t) => {
  const { cache } = makeCache()
  const zone = 'topology.kubernetes.io/zone'
  for (const [name, of] of [
    ['a1', 'a'],
    ['a2', 'a'],
    ['a3', 'a'],
    ['b1', 'b'],
    ['c1', 'c'],
  ] as const)
    cache.setNode(nodeObject(name, { labels: { [zone]: of } }))
  t.same(
    cache.snapshot().nodes.map(({ name }) => name),
    ['a1', 'b1', 'c1', 'a2', 'a3'],
  )
})
