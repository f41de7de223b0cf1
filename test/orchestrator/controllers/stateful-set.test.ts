import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { isReady, isTerminating } from '../../../orchestrator/controllers/objects/pod-facts.ts'
import { startStatefulSetController } from '../../../orchestrator/controllers/stateful-set/stateful-set-controller.ts'
import { openCluster, runningStatus } from './cluster-under-test.ts'

const of = { name: 'db', namespace: 'default' }

function makeSet(spec: Record<string, unknown> = {}): KubeObject {
  const template = {
    metadata: { labels: { app: 'db' } },
    spec: { containers: [{ name: 'c', image: 'v1' }] },
  }
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: of,
    spec: {
      serviceName: 'db',
      replicas: 2,
      selector: { matchLabels: { app: 'db' } },
      template,
      volumeClaimTemplates: [claim],
      ...spec,
    },
  }
}

const names = (objects: KubeObject[]): string =>
  objects
    .map(({ metadata }) => metadata.name)
    .toSorted((a = '', b = '') => a.localeCompare(b))
    .join(' ')

t.test('pods in order, replaced from the last', async (t) => {
  const { client, until, patchStatus } = await openCluster(t, [startStatefulSetController])
  const run = (pod: KubeObject) => patchStatus(pod, runningStatus('10.0.0.1'))
  await client.create(makeSet())
  const [first] = await until(kinds.pod, (all) => names(all) === 'db-0')
  t.match(first, {
    metadata: { labels: { 'apps.kubernetes.io/pod-index': '0' } },
    spec: { hostname: 'db-0', subdomain: 'db' },
  })
  await run(first!)
  const two = await until(kinds.pod, (all) => names(all) === 'db-0 db-1')
  await run(two.find(({ metadata }) => metadata.name === 'db-1')!)
  await until(kinds.statefulSet, ([set]) => set?.status?.['readyReplicas'] === 2)
  t.equal(names(await until(kinds.claim, (all) => all.length === 2)), 'data-db-0 data-db-1')

  const containers = [{ name: 'c', image: 'v2' }]
  await client.patch(kinds.statefulSet, of, 'strategic', {
    spec: { template: { spec: { containers } } },
  })
  const isFirst = (pod: KubeObject): boolean =>
    two.some(({ metadata }) => metadata.uid === pod.metadata.uid)
  const fresh = (name: string) =>
    until(kinds.pod, (all) =>
      all.some((pod) => pod.metadata.name === name && !isFirst(pod) && !isTerminating(pod)),
    ).then((all) => all.find(({ metadata }) => metadata.name === name)!)
  const second = await fresh('db-1')
  const pods = await until(kinds.pod, (all) => all.length === 2)
  t.ok(
    pods.some((pod) => pod.metadata.name === 'db-0' && isFirst(pod)),
    'the first one waits',
  )
  await run(second)
  await run(await fresh('db-0'))
  const [set] = await until(
    kinds.statefulSet,
    ([one]) =>
      one?.status?.['currentRevision'] === one?.status?.['updateRevision'] &&
      one?.status?.['readyReplicas'] === 2,
  )
  t.match(set?.status, { currentReplicas: 2, updatedReplicas: 2, observedGeneration: 2 })

  await client.patch(kinds.statefulSet, of, 'merge', { spec: { replicas: 1 } })
  const [last] = await until(kinds.pod, (all) => names(all) === 'db-0')
  t.ok(isReady(last!))
  t.equal((await client.list(kinds.claim)).items.length, 2, 'claims are kept')
})

t.test('all at once, a part of them', async (t) => {
  const { client, until, patchStatus } = await openCluster(t, [startStatefulSetController])
  await client.create(
    makeSet({
      replicas: 3,
      podManagementPolicy: 'Parallel',
      ordinals: { start: 5 },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 7 } },
    }),
  )
  const pods = await until(kinds.pod, (all) => names(all) === 'db-5 db-6 db-7')
  for (const pod of pods) await patchStatus(pod, runningStatus('10.0.0.1'))
  await until(kinds.statefulSet, ([set]) => set?.status?.['readyReplicas'] === 3)
})
