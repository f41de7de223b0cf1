import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import type { Client } from '../../../orchestrator/client/client.ts'
import { startHeartbeat } from '../../../orchestrator/node/register-node.ts'

// What a node tells again and again, to a client that only takes notes.

const facts = {
  name: 'a',
  address: '10.0.0.1',
  port: 10_250,
  folder: '/',
  labels: {},
  maxPods: 110,
  version: '0',
}
const renewSeconds = 0.25

t.test('a node that was not heard of for a while tells its status again', async (t) => {
  let statuses = 0
  let leases = 0
  let atOnce = 0
  let mostAtOnce = 0
  const waited = Promise.withResolvers<void>()
  const told = Promise.withResolvers<void>()
  const node: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }
  const client = {
    get: async () => node,
    patch: async ({ kind }: KubeObject) => {
      if (kind === 'Node' && ++statuses === 2) told.resolve()
      if (kind === 'Lease' && ++leases === 3) {
        t.equal(statuses, 1, 'once, as long as nothing is new')
        setTimeout(() => waited.resolve(), 3 * renewSeconds * 1000)
      }
      // From the third on leases are as slow as those that are sent while the node is cut off.
      if (kind === 'Lease' && leases >= 3) {
        mostAtOnce = Math.max(mostAtOnce, ++atOnce)
        await waited.promise
      }
      return node
    },
  } as unknown as Client
  const heartbeat = await startHeartbeat({
    client,
    facts,
    images: async () => [],
    renewSeconds,
    leaseSeconds: 1,
    statusSeconds: 1000,
    hasPressure: () => false,
    onProblem: (_what, error) => told.reject(error),
  })
  t.teardown(() => heartbeat.stop())
  await waited.promise
  await told.promise
  t.equal(statuses, 2)
  t.equal(mostAtOnce, 2, 'leases that hang do not pile up')
})

t.test('a status that takes long holds no lease up', async (t) => {
  const done = Promise.withResolvers<void>()
  let leases = 0
  const client = {
    get: async () => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }),
    patch: async ({ kind }: KubeObject) => {
      if (kind === 'Lease' && ++leases === 5) done.resolve()
    },
  } as unknown as Client
  let asked = 0
  const heartbeat = await startHeartbeat({
    client,
    facts,
    // Only the first time there is an answer.
    images: async () => (asked++ === 0 ? [] : new Promise<never>(() => undefined)),
    renewSeconds: 0.02,
    leaseSeconds: 1,
    statusSeconds: 1000,
    hasPressure: () => false,
    onProblem: (_what, error) => done.reject(error),
  })
  t.teardown(() => heartbeat.stop())
  await done.promise
  t.equal(asked, 2)
})
