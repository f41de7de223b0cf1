import t from 'tap'
import type { JsonObject } from '../../../orchestrator/api/object.ts'
import { podCgroup, podResources } from '../../../orchestrator/node/pod-cgroup.ts'
import { podWith } from './pod-fixture.ts'

const uid = '11111111-2222-3333-4444-555555555555'
const asks = (requests: JsonObject, limits: JsonObject = {}): JsonObject => ({
  name: 'web',
  resources: { requests, limits },
})
const both = { cpu: '500m', memory: '64Mi' }
const mebibyte = 1024 * 1024

t.test('the group of a pod is that of its class', async (t) => {
  const rows: readonly [JsonObject, string][] = [
    [asks({}), `/kubepods/besteffort/pod${uid}`],
    [asks({ cpu: '1' }), `/kubepods/burstable/pod${uid}`],
    [asks(both, both), `/kubepods/pod${uid}`],
  ]
  for (const [container, path] of rows)
    t.equal(podCgroup(podWith({ containers: [container] })), path)
})

t.test('what the containers of a pod may use together', async (t) => {
  const rows: readonly [string, JsonObject, object][] = [
    ['nothing', { containers: [asks({})] }, { cpu: { shares: 2 } }],
    ['sums', { containers: [asks(both, both), asks(both, both)] }, limited(1024, 1, 128)],
    [
      'no limit where one has none',
      { containers: [asks(both, both), asks({ cpu: '1' })] },
      { cpu: { shares: 1536 } },
    ],
    [
      'an init container that needs more',
      {
        initContainers: [asks({ ...both, cpu: '2' }, { ...both, cpu: '2' })],
        containers: [asks(both, both)],
      },
      limited(2048, 2, 64),
    ],
    [
      'a sidecar runs beside both',
      {
        initContainers: [{ ...asks(both, both), restartPolicy: 'Always' }, asks(both, both)],
        containers: [asks(both, both)],
      },
      limited(1024, 1, 128),
    ],
  ]
  for (const [title, spec, expected] of rows)
    t.strictSame(podResources(podWith(spec)), expected, title)
})

function limited(shares: number, cpus: number, mebibytes: number): object {
  const cpu = { shares, quota: cpus * 100_000, period: 100_000 }
  return { cpu, memory: { limit: mebibytes * mebibyte } }
}
