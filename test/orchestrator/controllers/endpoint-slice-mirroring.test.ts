import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { startEndpointSliceMirroringController } from '../../../orchestrator/controllers/endpoint-slice-mirroring/endpoint-slice-mirroring-controller.ts'
import {
  isMirrored,
  planMirror,
} from '../../../orchestrator/controllers/endpoint-slice-mirroring/plan-mirror.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { openCluster } from './cluster-under-test.ts'

const port = (number: number) => ({ name: 'http', port: number, protocol: 'TCP' })
const endpoints = (subsets: object[], metadata: object = {}): KubeObject => ({
  ...kinds.endpoints,
  metadata: { name: 'db', namespace: 'default', uid: 'e', ...metadata },
  subsets,
})

t.test('slices of hand-made endpoints', async (t) => {
  const source = endpoints(
    [
      {
        addresses: [{ ip: '10.0.0.1', nodeName: 'one' }, { ip: 'fd00::1' }],
        notReadyAddresses: [{ ip: '10.0.0.2', hostname: 'b' }],
        ports: [port(5432)],
      },
      { addresses: [{ ip: '10.0.0.3' }], ports: [port(5433)] },
    ],
    {
      labels: { team: 'data' },
      annotations: { note: 'x', 'endpoints.kubernetes.io/over-capacity': 'truncated' },
    },
  )
  const made = planMirror(source, []).map((write) =>
    write.verb === 'create' ? write.object : source,
  )
  t.match(made, [
    {
      metadata: {
        generateName: 'db-',
        labels: {
          team: 'data',
          'kubernetes.io/service-name': 'db',
          'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
        },
        ownerReferences: [{ kind: 'Endpoints', uid: 'e', controller: true }],
      },
      addressType: 'IPv4',
      ports: [port(5432)],
      endpoints: [
        { addresses: ['10.0.0.1'], conditions: { ready: true }, nodeName: 'one' },
        { addresses: ['10.0.0.2'], conditions: { ready: false }, hostname: 'b' },
      ],
    },
    { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'] }] },
    { addressType: 'IPv4', ports: [port(5433)], endpoints: [{ addresses: ['10.0.0.3'] }] },
  ])
  t.same(made[0]?.metadata.annotations, { note: 'x' }, 'notes about the endpoints are not copied')
  t.same(planMirror(source, made), [], 'nothing to do when all is there')
  const [, six, other] = made
  const fewer = endpoints([(source['subsets'] as object[])[1]!], source.metadata)
  t.same(
    planMirror(fewer, made),
    [made[0], six].map((object) => ({ verb: 'delete', object })),
  )
  t.same(planMirror(fewer, [other!]), [])
})

t.test('which endpoints are mirrored', async (t) => {
  const rows: [string, object, boolean][] = [
    ['any', {}, true],
    [
      'not those that are kept from it',
      { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      false,
    ],
    [
      'not those that are a lock',
      { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } },
      false,
    ],
    ['not those that go', { deletionTimestamp: '2026-01-01T00:00:00Z' }, false],
  ]
  for (const [name, metadata, is] of rows) t.equal(isMirrored(endpoints([], metadata)), is, name)
})

t.test('they come, follow and go', async (t) => {
  const { client, until } = await openCluster(t, [startEndpointSliceMirroringController])
  const of = { name: 'db', namespace: 'default' }
  await client.create({ ...kinds.service, metadata: of, spec: { ports: [{ port: 5432 }] } })
  const subsets = (ip: string) => [{ addresses: [{ ip }], ports: [{ port: 5432 }] }]
  await client.create({ ...kinds.endpoints, metadata: of, subsets: subsets('10.9.0.1') })
  const shows = (ip: string) => (all: KubeObject[]) =>
    all.length === 1 && JSON.stringify(all[0]?.['endpoints']).includes(ip)
  const [first] = await until(kinds.endpointSlice, shows('10.9.0.1'))
  await client.patch(kinds.endpoints, of, 'merge', { subsets: subsets('10.9.0.2') })
  const [second] = await until(kinds.endpointSlice, shows('10.9.0.2'))
  t.equal(second?.metadata.uid, first?.metadata.uid, 'the same slice')
  await client.patch(kinds.service, of, 'merge', { spec: { selector: { a: 'b' } } })
  await until(kinds.endpointSlice, (all) => all.length === 0)
})
