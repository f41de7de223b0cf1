import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { startRootCaController } from '../../../orchestrator/controllers/root-ca/root-ca-controller.ts'
import { startServiceAccountController } from '../../../orchestrator/controllers/service-account/service-account-controller.ts'
import { startServiceAccountTokenController } from '../../../orchestrator/controllers/service-account/service-account-token-controller.ts'
import { openCluster } from './cluster-under-test.ts'

const inNamespace = (namespace: string) => (all: KubeObject[]) =>
  all.some(({ metadata }) => metadata.namespace === namespace)

t.test('every namespace has its account, which comes back', async (t) => {
  const { client, until } = await openCluster(t, [startServiceAccountController])
  await client.create({ ...kinds.namespace, metadata: { name: 'team' } })
  const accounts = await until(kinds.serviceAccount, inNamespace('team'))
  t.ok(inNamespace('kube-system')(accounts))
  await client.delete(kinds.serviceAccount, { name: 'default', namespace: 'team' })
  const before = accounts.find(({ metadata }) => metadata.namespace === 'team')?.metadata.uid
  await until(kinds.serviceAccount, (all) =>
    all.some(({ metadata }) => metadata.namespace === 'team' && metadata.uid !== before),
  )
})

t.test('every namespace knows the authority, and nobody changes that', async (t) => {
  const { client, until } = await openCluster(t, [startRootCaController], { authority: 'PEM' })
  const of = { name: 'kube-root-ca.crt', namespace: 'default' }
  const isRight = (all: KubeObject[]): boolean =>
    all.some(
      ({ metadata, data }) =>
        metadata.namespace === 'default' && (data as Record<string, string>)['ca.crt'] === 'PEM',
    )
  const [first] = await until(kinds.configMap, isRight)
  t.equal(first?.metadata.name, of.name)
  await client.patch(kinds.configMap, of, 'merge', { data: { 'ca.crt': 'other' } })
  await until(kinds.configMap, isRight)
})

t.test('secrets of tokens go with their account', async (t) => {
  const { client, until } = await openCluster(t, [startServiceAccountTokenController])
  const account = await client.create({
    ...kinds.serviceAccount,
    metadata: { name: 'robot', namespace: 'default' },
  })
  const secret = (name: string, of: string): KubeObject => ({
    ...kinds.secret,
    metadata: {
      name,
      namespace: 'default',
      annotations: { 'kubernetes.io/service-account.name': of },
    },
    type: 'kubernetes.io/service-account-token',
  })
  await client.create(secret('kept', 'robot'))
  await client.create(secret('lost', 'nobody'))
  const uid = 'kubernetes.io/service-account.uid'
  const [kept] = await until(
    kinds.secret,
    (all) => all.length === 1 && all[0]?.metadata.annotations?.[uid] !== undefined,
  )
  t.match(kept?.metadata, { name: 'kept', annotations: { [uid]: account.metadata.uid } })
  await client.delete(kinds.serviceAccount, { name: 'robot', namespace: 'default' })
  await until(kinds.secret, (all) => all.length === 0)
})
