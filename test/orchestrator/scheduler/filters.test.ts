import t from 'tap'
import type { NodeInfo } from '../../../orchestrator/scheduler/node-info.ts'
import type { PodInfo } from '../../../orchestrator/scheduler/pod-info.ts'
import { choosePlugins } from '../../../orchestrator/scheduler/default-plugins.ts'
import { prepareFilters } from '../../../orchestrator/scheduler/run-filters.ts'
import { makeSnapshot } from '../../../orchestrator/scheduler/snapshot.ts'
import { makeNode, makePod } from './fixtures.ts'

const affinity = (field: string, topologyKey: string, app: string) => ({
  affinity: {
    [field]: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey, labelSelector: { matchLabels: { app } } },
      ],
    },
  },
})
const nodeTerms = (...terms: object[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
    },
  },
})
const zone = 'topology.kubernetes.io/zone'
const inZone = (name: string) => ({ labels: { [zone]: name } })
const web = { labels: { app: 'web' } }
const spread = (more: object = {}) => ({
  topologySpreadConstraints: [
    {
      topologyKey: zone,
      maxSkew: 1,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'web' } },
      ...more,
    },
  ],
})
const tainted = (key: string, value: string, effect = 'NoSchedule') => ({
  spec: { taints: [{ key, value, effect }] },
})
const port = (hostPort: number, more: object = {}) => ({
  containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort, ...more }] }],
})

/** `reasons`: of each node, empty where the pod may go. */
const rows: { name: string; pod: PodInfo; nodes: NodeInfo[]; reasons: string[][] }[] = [
  {
    name: 'requests against what is left',
    pod: makePod('a', { cpu: '1', memory: '1Gi' }),
    nodes: [
      makeNode('n1', { cpu: '4' }, [makePod('b', { cpu: '3' })]),
      makeNode('n2', { cpu: '4' }, [makePod('b', { cpu: '3500m' })]),
      makeNode('n3', { cpu: '500m', memory: '512Mi' }),
      makeNode('n4', { limit: '1' }, [makePod('b')]),
    ],
    reasons: [
      [],
      ['Insufficient cpu'],
      ['Insufficient cpu', 'Insufficient memory'],
      ['Too many pods'],
    ],
  },
  {
    name: 'extended resources',
    pod: makePod('a', {
      spec: {
        containers: [{ name: 'c', resources: { requests: { 'nvidia.com/gpu': '1' } } }],
      },
    }),
    nodes: [makeNode('n1', { others: { 'nvidia.com/gpu': '1' } }), makeNode('n2')],
    reasons: [[], ['Insufficient nvidia.com/gpu']],
  },
  {
    name: 'taints',
    pod: makePod('a', {
      spec: { tolerations: [{ key: 'team', operator: 'Equal', value: 'a', effect: 'NoSchedule' }] },
    }),
    nodes: [
      makeNode('n1', tainted('team', 'a')),
      makeNode('n2', tainted('team', 'b')),
      makeNode('n3', tainted('x', '', 'NoExecute')),
      makeNode('n4', tainted('x', '', 'PreferNoSchedule')),
    ],
    reasons: [
      [],
      ['node(s) had untolerated taint {team: b}'],
      ['node(s) had untolerated taint {x: }'],
      [],
    ],
  },
  {
    name: 'a toleration of everything',
    pod: makePod('a', { spec: { tolerations: [{ operator: 'Exists' }] } }),
    nodes: [
      makeNode('n1', {
        spec: { unschedulable: true, taints: [{ key: 'k', effect: 'NoExecute' }] },
      }),
    ],
    reasons: [[]],
  },
  {
    name: 'cordoned nodes',
    pod: makePod('a'),
    nodes: [makeNode('n1', { spec: { unschedulable: true } })],
    reasons: [['node(s) were unschedulable']],
  },
  {
    name: 'nodeSelector',
    pod: makePod('a', { spec: { nodeSelector: { disk: 'ssd' } } }),
    nodes: [
      makeNode('n1', { labels: { disk: 'ssd' } }),
      makeNode('n2', { labels: { disk: 'hdd' } }),
    ],
    reasons: [[], ["node(s) didn't match Pod's node affinity/selector"]],
  },
  {
    name: 'one of several node terms is enough, a term of nothing is none',
    pod: makePod('a', {
      spec: nodeTerms(
        {},
        { matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['4'] }] },
        { matchExpressions: [{ key: 'disk', operator: 'Exists' }] },
      ),
    }),
    nodes: [
      makeNode('n1', { labels: { cores: '8' } }),
      makeNode('n2', { labels: { disk: 'x' } }),
      makeNode('n3'),
    ],
    reasons: [[], [], ["node(s) didn't match Pod's node affinity/selector"]],
  },
  {
    name: "a DaemonSet's pod names its node",
    pod: makePod('a', {
      spec: nodeTerms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }] }),
    }),
    nodes: [makeNode('n1'), makeNode('n2')],
    reasons: [["node(s) didn't satisfy plugin(s) [NodeAffinity]"], []],
  },
  {
    name: 'host ports',
    pod: makePod('a', { spec: port(80) }),
    nodes: [
      makeNode('n1', {}, [makePod('b', { spec: port(80, { hostIP: '10.0.0.1' }) })]),
      makeNode('n2', {}, [makePod('b', { spec: port(80, { protocol: 'UDP' }) })]),
    ],
    reasons: [["node(s) didn't have free ports for the requested pod ports"], []],
  },
  {
    name: 'two addresses may have the same port',
    pod: makePod('a', { spec: port(80, { hostIP: '10.0.0.2' }) }),
    nodes: [makeNode('n1', {}, [makePod('b', { spec: port(80, { hostIP: '10.0.0.1' }) })])],
    reasons: [[]],
  },
  {
    name: 'near a pod, in its zone',
    pod: makePod('a', { spec: affinity('podAffinity', zone, 'web') }),
    nodes: [
      makeNode('n1', inZone('x'), [makePod('w', web)]),
      makeNode('n2', inZone('x')),
      makeNode('n3', inZone('y')),
      makeNode('n4'),
    ],
    reasons: [
      [],
      [],
      ["node(s) didn't match pod affinity rules"],
      ["node(s) didn't match pod affinity rules"],
    ],
  },
  {
    name: 'the first of pods that want each other',
    pod: makePod('a', { ...web, spec: affinity('podAffinity', zone, 'web') }),
    nodes: [makeNode('n1', inZone('x')), makeNode('n2')],
    reasons: [[], ["node(s) didn't match pod affinity rules"]],
  },
  {
    name: 'pods of another namespace are not meant',
    pod: makePod('a', { spec: affinity('podAffinity', zone, 'web') }),
    nodes: [makeNode('n1', inZone('x'), [makePod('w', { ...web, namespace: 'other' })])],
    reasons: [["node(s) didn't match pod affinity rules"]],
  },
  {
    name: 'far from a pod',
    pod: makePod('a', { spec: affinity('podAntiAffinity', 'kubernetes.io/hostname', 'web') }),
    nodes: [makeNode('n1', {}, [makePod('w', web)]), makeNode('n2')],
    reasons: [["node(s) didn't match pod anti-affinity rules"], []],
  },
  {
    name: 'a pod that is there wants to be alone',
    pod: makePod('a', web),
    nodes: [
      makeNode('n1', inZone('x'), [
        makePod('w', { spec: affinity('podAntiAffinity', zone, 'web') }),
      ]),
      makeNode('n2', inZone('x')),
      makeNode('n3', inZone('y')),
    ],
    reasons: [
      ["node(s) didn't satisfy existing pods anti-affinity rules"],
      ["node(s) didn't satisfy existing pods anti-affinity rules"],
      [],
    ],
  },
  {
    name: 'spread over zones',
    pod: makePod('a', { ...web, spec: spread() }),
    nodes: [
      makeNode('n1', inZone('x'), [makePod('w', web)]),
      makeNode('n2', inZone('y')),
      makeNode('n3'),
    ],
    reasons: [
      ["node(s) didn't match pod topology spread constraints"],
      [],
      ["node(s) didn't match pod topology spread constraints (missing required label)"],
    ],
  },
  {
    name: 'fewer zones than minDomains: the least is nought',
    pod: makePod('a', { ...web, spec: spread({ minDomains: 3 }) }),
    nodes: [
      makeNode('n1', inZone('x'), [makePod('w1', web)]),
      makeNode('n2', inZone('y'), [makePod('w2', web)]),
    ],
    reasons: [
      ["node(s) didn't match pod topology spread constraints"],
      ["node(s) didn't match pod topology spread constraints"],
    ],
  },
  {
    name: 'zones that the pod may not use do not count',
    pod: makePod('a', {
      ...web,
      spec: { ...spread(), nodeSelector: { [zone]: 'x' } },
    }),
    nodes: [makeNode('n1', inZone('x'), [makePod('w', web)]), makeNode('n2', inZone('y'))],
    reasons: [[], ["node(s) didn't match Pod's node affinity/selector"]],
  },
  {
    name: 'pods that are ending are not counted in the spread',
    pod: makePod('a', { ...web, spec: spread() }),
    nodes: [
      makeNode('n1', inZone('x'), [
        makePod('w', { ...web, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      ]),
      makeNode('n2', inZone('y')),
    ],
    reasons: [[], []],
  },
]

for (const { name, pod, nodes, reasons } of rows)
  t.test(name, async (t) => {
    const run = prepareFilters(pod, makeSnapshot(nodes), choosePlugins())
    const found = nodes.map((node) => run.check(node)?.rejection.reasons ?? [])
    t.same(found, reasons)
  })

t.test('namespaces may be chosen by their labels', async (t) => {
  const incoming = makePod('a', {
    spec: {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: { matchLabels: { app: 'web' } },
              namespaceSelector: { matchLabels: { team: 'a' } },
            },
          ],
        },
      },
    },
  })
  const nodes = [
    makeNode('n1', {}, [makePod('w', { ...web, namespace: 'one' })]),
    makeNode('n2', {}, [makePod('w', { ...web, namespace: 'two' })]),
  ]
  const namespaceLabels = new Map([
    ['one', { team: 'a' }],
    ['two', { team: 'b' }],
  ])
  const run = prepareFilters(incoming, makeSnapshot(nodes, { namespaceLabels }), choosePlugins())
  t.ok(run.check(nodes[0]!))
  t.notOk(run.check(nodes[1]!))
})
