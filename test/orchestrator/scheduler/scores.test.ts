import t from 'tap'
import { readLabelSelector } from '../../../orchestrator/scheduler/label-match.ts'
import type { NodeInfo } from '../../../orchestrator/scheduler/node-info.ts'
import { choosePlugins } from '../../../orchestrator/scheduler/default-plugins.ts'
import type { PluginChoice } from '../../../orchestrator/scheduler/default-plugins.ts'
import type { PodInfo } from '../../../orchestrator/scheduler/pod-info.ts'
import { pickBest, runScores } from '../../../orchestrator/scheduler/run-scores.ts'
import { makeSnapshot } from '../../../orchestrator/scheduler/snapshot.ts'
import { makeNode, makePod } from './fixtures.ts'

const zone = 'topology.kubernetes.io/zone'
const inZone = (name: string) => ({ labels: { [zone]: name } })
const web = { labels: { app: 'web' } }
const soft = (topologyKey: string) => ({
  topologySpreadConstraints: [
    {
      topologyKey,
      maxSkew: 1,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { app: 'web' } },
    },
  ],
})
const preferred = (field: string, weight: number) => ({
  affinity: {
    [field]: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight,
          podAffinityTerm: { topologyKey: zone, labelSelector: { matchLabels: { app: 'web' } } },
        },
      ],
    },
  },
})

const rows: {
  name: string
  plugin: string
  pod: PodInfo
  nodes: NodeInfo[]
  /** Absent: the plugin has nothing to say. */
  scores: number[] | undefined
  choice?: PluginChoice
}[] = [
  {
    name: 'what is left, of CPU and memory alike',
    plugin: 'NodeResourcesFit',
    pod: makePod('a', { cpu: '1', memory: '2Gi' }),
    nodes: [
      makeNode('n1', { cpu: '4', memory: '8Gi' }),
      makeNode('n2', { cpu: '4', memory: '8Gi' }, [makePod('b', { cpu: '2', memory: '2Gi' })]),
      makeNode('n3', { cpu: '2', memory: '2Gi' }),
    ],
    scores: [75, 37, 25],
  },
  {
    name: 'packed, when that is asked for',
    plugin: 'NodeResourcesFit',
    pod: makePod('a', { cpu: '1', memory: '2Gi' }),
    nodes: [
      makeNode('n1', { cpu: '4', memory: '8Gi' }),
      makeNode('n2', { cpu: '4', memory: '8Gi' }, [makePod('b', { cpu: '2', memory: '2Gi' })]),
    ],
    scores: [25, 62],
    choice: { fitStrategy: 'MostAllocated' },
  },
  {
    name: 'CPU and memory in balance',
    plugin: 'NodeResourcesBalancedAllocation',
    pod: makePod('a', { cpu: '2', memory: '2Gi' }),
    nodes: [
      makeNode('n1', { cpu: '4', memory: '4Gi' }),
      makeNode('n2', { cpu: '4', memory: '20Gi' }),
    ],
    scores: [100, 80],
  },
  {
    name: 'no balance for a pod that asks for nothing',
    plugin: 'NodeResourcesBalancedAllocation',
    pod: makePod('a'),
    nodes: [makeNode('n1')],
    scores: undefined,
  },
  {
    name: 'fewest taints that are disliked',
    plugin: 'TaintToleration',
    pod: makePod('a'),
    nodes: [
      makeNode('n1', {
        spec: {
          taints: [
            { key: 'a', effect: 'PreferNoSchedule' },
            { key: 'b', effect: 'PreferNoSchedule' },
          ],
        },
      }),
      makeNode('n2', { spec: { taints: [{ key: 'a', effect: 'PreferNoSchedule' }] } }),
      makeNode('n3'),
    ],
    scores: [0, 50, 100],
  },
  {
    name: 'preferred node terms',
    plugin: 'NodeAffinity',
    pod: makePod('a', {
      spec: {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 8, preference: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } },
              { weight: 2, preference: { matchExpressions: [{ key: 'b', operator: 'Exists' }] } },
            ],
          },
        },
      },
    }),
    nodes: [
      makeNode('n1', { labels: { a: '', b: '' } }),
      makeNode('n2', { labels: { b: '' } }),
      makeNode('n3'),
    ],
    scores: [100, 20, 0],
  },
  {
    name: 'images that are there already',
    plugin: 'ImageLocality',
    pod: makePod('a'),
    nodes: [
      makeNode('n1', { images: [{ names: ['web:latest'], sizeBytes: 523 * 1024 * 1024 * 2 }] }),
      makeNode('n2'),
    ],
    scores: [51, 0],
  },
  {
    name: 'near pods that are liked, far from those that are not',
    plugin: 'InterPodAffinity',
    pod: makePod('a', { spec: preferred('podAffinity', 10) }),
    nodes: [
      makeNode('n1', inZone('x'), [makePod('w1', web), makePod('w2', web)]),
      makeNode('n2', inZone('y'), [makePod('w3', web)]),
      makeNode('n3', inZone('z')),
    ],
    scores: [100, 50, 0],
  },
  {
    name: 'far from pods that are disliked',
    plugin: 'InterPodAffinity',
    pod: makePod('a', { spec: preferred('podAntiAffinity', 10) }),
    nodes: [makeNode('n1', inZone('x'), [makePod('w1', web)]), makeNode('n2', inZone('y'))],
    scores: [0, 100],
  },
  {
    name: 'what pods that are there would like',
    plugin: 'InterPodAffinity',
    pod: makePod('a', web),
    nodes: [
      makeNode('n1', inZone('x'), [makePod('w1', { spec: preferred('podAffinity', 5) })]),
      makeNode('n2', inZone('y')),
    ],
    scores: [100, 0],
  },
  {
    name: 'soft spread: fewest pods',
    plugin: 'PodTopologySpread',
    pod: makePod('a', { ...web, spec: soft(zone) }),
    nodes: [
      makeNode('n1', inZone('x'), [makePod('w1', web), makePod('w2', web)]),
      makeNode('n2', inZone('y')),
      makeNode('n3'),
    ],
    scores: [0, 100, 0],
  },
  {
    name: 'nothing is spread that has no siblings',
    plugin: 'PodTopologySpread',
    pod: makePod('a', web),
    nodes: [makeNode('n1')],
    scores: undefined,
  },
  {
    name: 'zones, when asked for',
    plugin: 'ZoneSpread',
    pod: makePod('a', {
      metadata: { ownerReferences: [{ uid: 'o', kind: 'X', name: 'x', apiVersion: 'v1' }] },
    }),
    nodes: [
      makeNode('n1', inZone('x'), [
        makePod('w', {
          metadata: { ownerReferences: [{ uid: 'o', kind: 'X', name: 'x', apiVersion: 'v1' }] },
        }),
      ]),
      makeNode('n2', inZone('y')),
    ],
    scores: [0, 100],
    choice: { enable: ['ZoneSpread=4'] },
  },
  {
    name: 'graphics processors are kept for those who need them',
    plugin: 'PreferGpuNodes',
    pod: makePod('a'),
    nodes: [makeNode('n1', { others: { 'nvidia.com/gpu': '1' } }), makeNode('n2')],
    scores: [0, 100],
    choice: { enable: ['PreferGpuNodes'] },
  },
]

for (const { name, plugin, pod, nodes, scores, choice } of rows)
  t.test(`${plugin}: ${name}`, async (t) => {
    const run = runScores(pod, makeSnapshot(nodes), nodes, choosePlugins(choice))
    t.same(run.byPlugin.find((one) => one.plugin === plugin)?.scores, scores)
  })

t.test('pods of a service are spread though they do not say so', async (t) => {
  const siblings = readLabelSelector({ matchLabels: { app: 'web' } })
  const nodes = [
    makeNode('n1', {}, [makePod('w1', web), makePod('w2', web)]),
    makeNode('n2', {}, [makePod('w3', web)]),
    makeNode('n3'),
  ]
  const snapshot = makeSnapshot(nodes, { siblingsOf: () => siblings })
  const run = runScores(makePod('a', web), snapshot, nodes, choosePlugins())
  const { scores = [] } = run.byPlugin.find(({ plugin }) => plugin === 'PodTopologySpread') ?? {}
  t.ok(scores[0]! < scores[1]! && scores[1]! < scores[2]!, String(scores))
})

t.test('the usual weights', async (t) => {
  const weights = choosePlugins().map(({ plugin, weight }) => [plugin.name, weight])
  t.same(
    weights.filter(([, weight]) => weight !== 0),
    [
      ['TaintToleration', 3],
      ['NodeAffinity', 2],
      ['NodeResourcesFit', 1],
      ['PodTopologySpread', 2],
      ['InterPodAffinity', 2],
      ['NodeResourcesBalancedAllocation', 1],
      ['ImageLocality', 1],
    ],
  )
})

t.test('a plugin that is not there', async (t) =>
  t.throws(() => choosePlugins({ enable: ['Nonsense'] }), { code: 'INVALID_ARGUMENT' }),
)

t.test('among equals every one has its turn', async (t) => {
  const draws = [0.9, 0.1]
  t.equal(
    pickBest([5, 7, 7, 7], () => draws.pop() ?? 0.9),
    2,
  )
})
