import t from 'tap'
import type { Test } from 'tap'
import type { KubeObject, OwnerReference } from '../../../orchestrator/api/object.ts'
import type { DeleteOptions } from '../../../orchestrator/client/client.ts'
import {
  decideByOwners,
  decideLeaving,
} from '../../../orchestrator/controllers/garbage-collector/decide.ts'
import type { OwnerState } from '../../../orchestrator/controllers/garbage-collector/decide.ts'
import { startGarbageCollector } from '../../../orchestrator/controllers/garbage-collector/garbage-collector.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { openCluster } from './cluster-under-test.ts'
import type { ClusterUnderTest } from './cluster-under-test.ts'

const object = (metadata: KubeObject['metadata']): KubeObject => ({ ...kinds.configMap, metadata })

const leavings = [
  { title: 'nobody asked it to go', finalizers: ['orphan'], deleted: false, is: undefined },
  { title: 'held by somebody else', finalizers: ['example.com/x'], is: { verb: 'keep' } },
  { title: 'orphaning', finalizers: ['orphan'], is: { verb: 'orphan dependents' } },
  {
    title: 'in the foreground, blocked',
    finalizers: ['foregroundDeletion'],
    blocks: true,
    is: { verb: 'await dependents', blocked: true },
  },
  {
    title: 'in the foreground, dependents that do not block',
    finalizers: ['foregroundDeletion'],
    is: { verb: 'await dependents', blocked: false },
  },
]
for (const { title, finalizers, deleted = true, blocks = false, is } of leavings)
  t.test(`leaving: ${title}`, async (t) => {
    const owner = object({
      uid: 'owner',
      finalizers,
      ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    })
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'owner' }
    const dependent = object({ ownerReferences: [{ ...reference, blockOwnerDeletion: blocks }] })
    t.strictSame(decideLeaving(owner, [dependent]), is)
  })

const byOwners: readonly {
  title: string
  states: readonly OwnerState[]
  dependents?: boolean
  finalizers?: string[]
  is: unknown
}[] = [
  { title: 'all there', states: ['solid', 'solid'], is: { verb: 'keep' } },
  {
    title: 'one there, one gone',
    states: ['solid', 'absent'],
    is: { verb: 'disown', uids: new Set(['1']) },
  },
  {
    title: 'one there, one that waits',
    states: ['waiting', 'solid'],
    is: { verb: 'disown', uids: new Set(['0']) },
  },
  { title: 'all gone', states: ['absent'], is: { verb: 'delete', policy: 'Background' } },
  { title: 'waited for', states: ['waiting'], is: { verb: 'delete', policy: 'Background' } },
  {
    title: 'waited for, with dependents of its own',
    states: ['waiting'],
    dependents: true,
    is: { verb: 'delete', policy: 'Foreground' },
  },
  {
    title: 'gone, and it orphans its own',
    states: ['absent'],
    finalizers: ['orphan'],
    is: { verb: 'delete', policy: 'Orphan' },
  },
]
for (const { title, states, dependents = false, finalizers = [], is } of byOwners)
  t.test(`owners: ${title}`, async (t) => {
    const named = new Map(states.map((state, index) => [String(index), state]))
    t.strictSame(decideByOwners(object({ finalizers }), named, dependents), is)
  })

interface Family extends ClusterUnderTest {
  readonly make: (
    name: string,
    owners?: OwnerReference[],
    namespace?: string,
  ) => Promise<OwnerReference>
  readonly remove: (name: string, policy: DeleteOptions['propagationPolicy']) => Promise<void>
  readonly untilLeft: (names: string) => Promise<KubeObject[]>
}

async function openFamily(t: Test): Promise<Family> {
  const cluster = await openCluster(t, [startGarbageCollector])
  const { client, until } = cluster
  return {
    ...cluster,
    make: async (name, ownerReferences = [], namespace = 'default') => {
      const made = await client.create(object({ name, namespace, ownerReferences }))
      const uid = made.metadata.uid ?? ''
      return { ...kinds.configMap, name, uid, blockOwnerDeletion: true }
    },
    remove: (name, propagationPolicy) =>
      client.delete(
        kinds.configMap,
        { name, namespace: 'default' },
        propagationPolicy === undefined ? {} : { propagationPolicy },
      ),
    untilLeft: (names) =>
      until(kinds.configMap, (all) => {
        const here = all.filter(({ metadata }) => metadata.namespace === 'default')
        const left = here.map(({ metadata }) => metadata.name ?? '')
        return left.toSorted((a, b) => (a < b ? -1 : 1)).join(' ') === names
      }),
  }
}

t.test('in the background the owner goes first, in the foreground last', async (t) => {
  for (const policy of ['Background', 'Foreground'] as const) {
    const { client, make, remove, untilLeft } = await openFamily(t)
    const gone: string[] = []
    const watching = new AbortController()
    const { resourceVersion } = await client.list(kinds.configMap)
    void client.watch(kinds.configMap, {
      resourceVersion,
      signal: watching.signal,
      onEvent: ({ type, object: { metadata } }) => {
        if (type === 'DELETED') gone.push(metadata.name ?? '')
      },
    })
    const owner = await make('owner')
    const child = await make('child', [owner])
    await make('grandchild', [child])
    await make('other')
    await remove('owner', policy)
    await untilLeft('other')
    watching.abort()
    const order = ['owner', 'child', 'grandchild']
    t.strictSame(gone, policy === 'Background' ? order : order.toReversed(), policy)
  }
})

t.test('orphans stay, and no longer know their owner', async (t) => {
  const { make, remove, untilLeft, until } = await openFamily(t)
  const owner = await make('owner')
  await make('a', [owner])
  await make('b', [owner])
  await remove('owner', 'Orphan')
  await untilLeft('a b')
  const all = await until(kinds.configMap, (each) => each.length > 0)
  t.ok(all.every(({ metadata }) => (metadata.ownerReferences ?? []).length === 0))
})

t.test('an object goes with the last of its owners', async (t) => {
  const { make, remove, untilLeft, until } = await openFamily(t)
  const [first, second] = [await make('first'), await make('second')]
  await make('child', [first, second])
  await remove('first', 'Background')
  const all = await until(kinds.configMap, (each) =>
    each.some(
      ({ metadata }) => metadata.name === 'child' && metadata.ownerReferences?.length === 1,
    ),
  )
  t.equal(all.length, 2)
  await remove('second', 'Background')
  await untilLeft('')
})

t.test('an owner that never was, and one of another namespace', async (t) => {
  const { client, make, untilLeft, until } = await openFamily(t)
  await make('lost', [{ ...kinds.configMap, name: 'nobody', uid: 'nobody' }])
  await untilLeft('')
  const owner = await make('owner')
  await client.create({ ...kinds.namespace, metadata: { name: 'far' } })
  await make('crossed', [owner], 'far')
  const events = await until({ apiVersion: 'v1', kind: 'Event' }, (all) => all.length > 0)
  t.match(events[0], { reason: 'OwnerRefInvalidNamespace', involvedObject: { name: 'crossed' } })
  await until(kinds.configMap, (all) => all.length === 1)
})

t.test('kinds that somebody defined are collected too', async (t) => {
  const { client, make, remove, until } = await openFamily(t)
  const schema = { openAPIV3Schema: { type: 'object' } }
  await client.create({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  })
  const owner = await make('owner')
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget' }
  const metadata = { name: 'w', namespace: 'default', ownerReferences: [owner] }
  await client.create({ ...widget, metadata })
  await remove('owner', 'Background')
  await until(widget, (all) => all.length === 0)
  t.pass('the widget went with its owner')
})
