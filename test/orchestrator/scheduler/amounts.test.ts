import t from 'tap'
import { formatAmount, readAmounts } from '../../../orchestrator/scheduler/amounts.ts'
import { podRequests, podUsualRequests } from '../../../orchestrator/scheduler/pod-requests.ts'
import type { JsonObject } from '../../../orchestrator/api/object.ts'

const container = (cpu: string, more: JsonObject = {}): JsonObject => ({
  name: 'c',
  resources: { requests: { cpu } },
  ...more,
})
const sidecar = (cpu: string) => container(cpu, { restartPolicy: 'Always' })

const requests: { name: string; spec: JsonObject; cpu: number }[] = [
  {
    name: 'containers add up',
    spec: { containers: [container('100m'), container('1')] },
    cpu: 1100,
  },
  {
    name: 'the greatest init container counts when it needs more',
    spec: { containers: [container('1')], initContainers: [container('2'), container('500m')] },
    cpu: 2000,
  },
  {
    name: 'a sidecar runs beside the containers',
    spec: { containers: [container('1')], initContainers: [sidecar('200m')] },
    cpu: 1200,
  },
  {
    name: 'an init container runs beside the sidecars before it, not those after',
    spec: {
      containers: [container('100m')],
      initContainers: [sidecar('200m'), container('2'), sidecar('300m')],
    },
    cpu: 2200,
  },
  {
    name: 'overhead is on top',
    spec: { containers: [container('1')], overhead: { cpu: '250m' } },
    cpu: 1250,
  },
  {
    name: 'requests of the whole pod replace the sum',
    spec: { containers: [container('1')], resources: { requests: { cpu: '3' } } },
    cpu: 3000,
  },
]

for (const { name, spec, cpu } of requests)
  t.test(name, async (t) => t.equal(podRequests(spec).cpu, cpu))

t.test(
  'a container without requests is taken to use something when nodes are compared',
  async (t) => {
    const spec = { containers: [{ name: 'a' }, container('1')] }
    t.equal(podRequests(spec).cpu, 1000)
    t.match(podUsualRequests(spec), { cpu: 1100, memory: 400 * 1024 * 1024 })
  },
)

t.test('sums of thousandths stay whole', async (t) => {
  t.equal(readAmounts({ cpu: '0.3' }).cpu, 300)
  t.equal(readAmounts({ cpu: '1100u' }).cpu, 2)
  t.same(readAmounts({ 'nvidia.com/gpu': '2', pods: '3' }).others, { 'nvidia.com/gpu': 2 })
})

const formatted: [string, number, string][] = [
  ['cpu', 1500, '1500m'],
  ['cpu', 3000, '3'],
  ['memory', 512 * 1024 ** 2, '512Mi'],
  ['memory', 3 * 1024 ** 3, '3Gi'],
  ['memory', 1024 ** 2 * 5 + 1, '6Mi'],
  ['nvidia.com/gpu', 2, '2'],
]

for (const [resource, amount, text] of formatted)
  t.test(`${resource} ${text}`, async (t) => t.equal(formatAmount(resource, amount), text))
