import t from 'tap'
import type { JsonObject, KubeObject } from '../../../orchestrator/api/object.ts'
import { refusalOf } from '../../../orchestrator/node/admit-pod.ts'
import { podWith } from './pod-fixture.ts'

const node = {
  name: 'dev-1',
  labels: { disk: 'fast' },
  allocatable: { cpu: '2', memory: '1Gi', pods: '3', 'ephemeral-storage': '1Gi', 'x.io/gpu': '1' },
}

function asking(requests: JsonObject, more: JsonObject = {}): KubeObject {
  return podWith({ containers: [{ name: 'a', resources: { requests } }], ...more })
}

const nobody: readonly KubeObject[] = []
const rows: readonly [string, KubeObject, readonly KubeObject[], string, string][] = [
  [
    'too much CPU',
    asking({ cpu: '2500m' }),
    nobody,
    'OutOfcpu',
    "Node didn't have enough resource: cpu, requested: 2500, used: 0, capacity: 2000",
  ],
  [
    'what others left of the memory',
    asking({ memory: '512Mi' }),
    [asking({ memory: '768Mi' })],
    'OutOfmemory',
    "Node didn't have enough resource: memory, requested: 536870912, used: 805306368, capacity: 1073741824",
  ],
  [
    'one pod too many, whatever else it asks',
    asking({ cpu: '9' }),
    [asking({}), asking({}), asking({})],
    'OutOfpods',
    "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
  ],
  [
    'an extended resource',
    asking({ 'x.io/gpu': '2' }),
    nobody,
    'OutOfx.io/gpu',
    "Node didn't have enough resource: x.io/gpu, requested: 2, used: 0, capacity: 1",
  ],
  [
    'a label that the node does not have',
    asking({}, { nodeSelector: { disk: 'slow' } }),
    nobody,
    'NodeAffinity',
    "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  ],
]
for (const [title, pod, taken, reason, told] of rows)
  t.test(`refused: ${title}`, async (t) => {
    t.strictSame(refusalOf(pod, node, taken), {
      reason,
      message: `Pod was rejected: ${told}`,
      told,
    })
  })

t.test('taken', async (t) => {
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['dev-1'] }] },
        ],
      },
    },
  }
  const all = { cpu: '2', memory: '1Gi', 'x.io/gpu': '1' }
  t.equal(refusalOf(asking(all, { affinity, nodeSelector: { disk: 'fast' } }), node, []), undefined)
  t.test('what asks for nothing does not mind an overfull node', async (t) => {
    t.equal(refusalOf(asking({}), node, [asking({ cpu: '5' })]), undefined)
  })
})
