import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { startEndpointSliceController } from '../../../orchestrator/controllers/endpoint-slice/endpoint-slice-controller.ts'
import { planSlices } from '../../../orchestrator/controllers/endpoint-slice/plan-slices.ts'
import { startEndpointsController } from '../../../orchestrator/controllers/endpoints/endpoints-controller.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { openCluster, readyNode, runningStatus } from './cluster-under-test.ts'

const service: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 'service' },
  spec: {
    selector: { app: 'web' },
    ports: [{ port: 80, targetPort: 'http' }],
    ipFamilies: ['IPv4'],
  },
}

function makePod(name: string, ip: string, port = 8080): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'web' }, uid: name },
    spec: {
      containers: [{ name: 'web', image: 'web', ports: [{ name: 'http', containerPort: port }] }],
    },
    status: runningStatus(ip) as NonNullable<KubeObject['status']>,
  }
}

function plan(pods: KubeObject[], slices: KubeObject[] = [], of = service) {
  return planSlices({ service: of, pods, slices, nodes: new Map() })
}

function endpointsOf(slice: KubeObject): { addresses: string[]; conditions: unknown }[] {
  return slice['endpoints'] as { addresses: string[]; conditions: unknown }[]
}

t.test('slices of pods', async (t) => {
  const many = Array.from({ length: 250 }, (_, i) => makePod(`p${i}`, `10.0.${i >> 8}.${i & 255}`))
  const created = plan(many).map((write) => (write.verb === 'create' ? write.object : service))
  t.strictSame(
    created.map((slice) => endpointsOf(slice).length),
    [100, 100, 50],
    'at most a hundred in a slice',
  )
  t.strictSame(plan(many, created), [], 'nothing to do when all is there')

  const one = plan(many.slice(1), created)
  t.match(
    one,
    [{ verb: 'update', object: created[0]! && { addressType: 'IPv4' } }],
    'one slice is touched',
  )

  t.equal(
    plan([makePod('a', '10.0.0.1', 80), makePod('b', '10.0.0.2', 81)]).length,
    2,
    'ports of their own',
  )
  t.match(plan([]), [{ verb: 'create', object: { endpoints: [], ports: [] } }], 'an empty one')
})

const rows: { title: string; pod: KubeObject; service?: KubeObject; want: unknown }[] = [
  {
    title: 'ready',
    pod: makePod('a', '10.0.0.1'),
    want: { ready: true, serving: true, terminating: false },
  },
  {
    title: 'not ready',
    pod: { ...makePod('a', '10.0.0.1'), status: { phase: 'Running', podIP: '10.0.0.1' } },
    want: { ready: false, serving: false, terminating: false },
  },
  {
    title: 'going',
    pod: {
      ...makePod('a', '10.0.0.1'),
      metadata: { ...makePod('a', '').metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    },
    want: { ready: false, serving: true, terminating: true },
  },
  {
    title: 'not ready and published',
    pod: { ...makePod('a', '10.0.0.1'), status: { phase: 'Running', podIP: '10.0.0.1' } },
    service: { ...service, spec: { ...service.spec, publishNotReadyAddresses: true } },
    want: { ready: true, serving: false, terminating: false },
  },
  {
    title: 'ended',
    pod: { ...makePod('a', '10.0.0.1'), status: { phase: 'Succeeded', podIP: '10.0.0.1' } },
    want: undefined,
  },
]
for (const { title, pod, service: of, want } of rows)
  t.test(`conditions of a pod: ${title}`, async (t) => {
    const [write] = plan([pod], [], of)
    const [endpoint] = write?.verb === 'create' ? endpointsOf(write.object) : []
    t.strictSame(endpoint?.conditions, want)
  })

t.test('a service follows its pods', async (t) => {
  const { client, until, patchStatus } = await openCluster(t, [
    startEndpointSliceController,
    startEndpointsController,
  ])
  await client.create(readyNode('n1', { 'topology.kubernetes.io/zone': 'z1' }))
  const { uid: _, ...metadata } = service.metadata
  await client.create({ ...service, metadata })
  await until(kinds.endpointSlice, (slices) => slices.length === 1)
  const made = await client.create({
    ...makePod('a', ''),
    metadata: { name: 'a', namespace: 'default', labels: { app: 'web' } },
    spec: { ...makePod('a', '').spec, nodeName: 'n1' },
  })
  await patchStatus(made, runningStatus('10.0.0.7'))
  const slices = await until(
    kinds.endpointSlice,
    (all) => all.length === 1 && endpointsOf(all[0]!)[0]?.addresses[0] === '10.0.0.7',
  )
  t.match(slices[0], {
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: [{ nodeName: 'n1', zone: 'z1', targetRef: { name: 'a' } }],
    metadata: { labels: { 'kubernetes.io/service-name': 'web' } },
  })
  const [endpoints] = await until(kinds.endpoints, (all) => all[0]?.['subsets'] !== undefined)
  t.match(endpoints?.['subsets'], [{ addresses: [{ ip: '10.0.0.7' }], ports: [{ port: 8080 }] }])
  await client.delete(kinds.service, { name: 'web', namespace: 'default' })
  await until(kinds.endpointSlice, (all) => all.length === 0)
  await until(kinds.endpoints, (all) => all.length === 0)
})
