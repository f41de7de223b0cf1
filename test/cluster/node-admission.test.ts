import t from 'tap'
import type { JsonObject, KubeObject } from '../../orchestrator/api/object.ts'
import { listAt } from '../../orchestrator/api/object.ts'
import { startCluster } from './cluster-under-test.ts'

const podKind = { apiVersion: 'v1', kind: 'Pod' }

function pod(name: string, requests: JsonObject, more: JsonObject = {}): KubeObject {
  const containers = [
    { name: 'web', image: 'host', command: ['sleep', '1000'], resources: { requests } },
  ]
  const spec = { nodeName: 'one', terminationGracePeriodSeconds: 0, containers, ...more }
  return { ...podKind, metadata: { name, namespace: 'default' }, spec }
}

t.test('pods that were bound without asking whether they fit', async (t) => {
  const { client, until, restartAgent } = await startCluster(t, {
    maxPods: 2,
    labels: { disk: 'fast' },
  })
  const phaseOf = (name: string, phase: string) =>
    until(podKind, { name, namespace: 'default' }, (it) => it.status?.['phase'] === phase)
  const rows: readonly [string, JsonObject, JsonObject, string][] = [
    ['cpu', { cpu: '1000' }, {}, 'OutOfcpu'],
    ['memory', { memory: '100Ti' }, {}, 'OutOfmemory'],
    ['selector', {}, { nodeSelector: { disk: 'slow' } }, 'NodeAffinity'],
  ]
  for (const [name, requests, more, reason] of rows)
    t.test(reason, async (t) => {
      await client.create(pod(name, requests, more))
      const seen = await phaseOf(name, 'Failed')
      t.match(seen.status, { reason, message: /^Pod was rejected: / })
      t.strictSame(listAt(seen, ['status', 'containerStatuses'])[0]?.['restartCount'], 0)
    })
  t.test('OutOfpods: those that were refused do not count', async (t) => {
    for (const name of ['a', 'b']) {
      await client.create(pod(name, {}, { nodeSelector: { disk: 'fast' } }))
      await phaseOf(name, 'Running')
    }
    await client.create(pod('c', {}))
    t.match((await phaseOf('c', 'Failed')).status, { reason: 'OutOfpods' })
    const events = (await client.list({ apiVersion: 'v1', kind: 'Event' })).items
    t.ok(events.some((event) => event['reason'] === 'OutOfpods' && event['type'] === 'Warning'))
  })
  t.test('what runs is not asked again by the next agent', async (t) => {
    await restartAgent()
    for (const name of ['a', 'b']) t.match((await phaseOf(name, 'Running')).status, {})
  })
})
