import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { makeInformer } from '../../../orchestrator/client/informer.ts'
import { makeLocalClient } from '../../../orchestrator/client/local-client.ts'
import { startNamespaceDeletion } from '../../../orchestrator/server/empty-namespaces.ts'
import { openApi } from './api-under-test.ts'

const namespaceKind = { apiVersion: 'v1', kind: 'Namespace' }
const configKind = { apiVersion: 'v1', kind: 'ConfigMap' }

t.test('a namespace says what it waits for, and goes when that is gone', async (t) => {
  const { server } = await openApi(t)
  const deletion = await startNamespaceDeletion(server.context)
  t.teardown(() => deletion.stop())
  // The timers of what is tried again keep no process alive.
  const alive = setTimeout(() => undefined, 20_000)
  t.teardown(() => clearTimeout(alive))
  const client = makeLocalClient(server, { name: 'test', groups: ['system:masters'] })
  const namespaces = makeInformer(client, namespaceKind)
  t.teardown(() => namespaces.stop())
  const told = Promise.withResolvers<KubeObject>()
  const gone = Promise.withResolvers<void>()
  namespaces.onChange((object, isThere) => {
    if (object.metadata.name !== 'held') return
    if (!isThere) gone.resolve()
    else if (object.status?.['conditions']) told.resolve(object)
  })
  await client.create({ ...namespaceKind, metadata: { name: 'held' } })
  const metadata = { namespace: 'held', finalizers: ['example.com/hold'] }
  await client.create({ ...configKind, metadata: { ...metadata, name: 'a' } })
  await client.create({ ...configKind, metadata: { name: 'b', namespace: 'held' } })
  await client.delete(namespaceKind, { name: 'held' })
  const conditions = (await told.promise).status?.['conditions'] as KubeObject[]
  const remaining = conditions.find((one) => one['type'] === 'NamespaceContentRemaining')
  t.match(remaining, {
    status: 'True',
    message: 'Some resources are remaining: configmaps. has 1 resource instances',
  })
  const held = conditions.find((one) => one['type'] === 'NamespaceFinalizersRemaining')
  t.match(held, { status: 'True', reason: 'SomeFinalizersRemain' })
  await client.patch(configKind, { name: 'a', namespace: 'held' }, 'merge', {
    metadata: { finalizers: null },
  })
  await gone.promise
  t.pass('the namespace is gone')
})
