import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { makeLocalClient } from '../../../../orchestrator/client/local-client.ts'
import { makeClientSources } from '../../../../orchestrator/node/environment/client-sources.ts'
import { makeTokenCache } from '../../../../orchestrator/node/environment/token-cache.ts'
import { makeApiServer } from '../../../../orchestrator/server/api-server.ts'
import { makeTokenIssuer } from '../../../../orchestrator/server/token-issuer.ts'
import { openTemporaryStore } from '../../store/sqlite/temporary-store.ts'
import { openApi } from '../../server/api-under-test.ts'

const admin = { name: 'admin', groups: ['system:masters'] }
const of = { apiVersion: 'v1', kind: 'ConfigMap' }

t.test('what a pod refers to is read once and then watched', async (t) => {
  const { server } = await openApi(t)
  const client = makeLocalClient(server, admin)
  const changes: string[] = []
  let wake = (): void => undefined
  const sources = makeClientSources({
    client,
    services: () => [],
    onChange: (kind, namespace, name) => {
      changes.push(`${kind} ${namespace}/${name}`)
      wake()
    },
  })
  t.teardown(() => sources.stop())
  const changed = (count: number): Promise<void> =>
    new Promise((resolve) => {
      wake = () => void (changes.length >= count && resolve())
      wake()
    })
  const colorOf = async (): Promise<unknown> => {
    const object = await sources.configMap('default', 'settings')
    return object && (object['data'] as Record<string, string>)['color']
  }
  t.equal(await colorOf(), undefined, 'not there')
  await client.create({ ...of, metadata: { name: 'other', namespace: 'default' } })
  const settings = { name: 'settings', namespace: 'default' }
  await client.create({ ...of, metadata: settings, data: { color: 'blue' } })
  await changed(1)
  t.equal(await colorOf(), 'blue')
  await client.patch(of, settings, 'merge', { data: { color: 'red' } })
  await changed(2)
  t.equal(await colorOf(), 'red')
  await client.delete(of, settings)
  await changed(3)
  t.equal(await colorOf(), undefined)
  t.same(
    changes,
    Array.from({ length: 3 }, () => 'ConfigMap default/settings'),
    'and nothing else',
  )
})

t.test('a token is of the pod, kept, and renewed when most of its life is over', async (t) => {
  const { store, remove } = await openTemporaryStore()
  t.teardown(remove)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const server = await makeApiServer(store, { issuer: makeTokenIssuer(key, 'https://test') })
  const client = makeLocalClient(server, admin)
  const account = { apiVersion: 'v1', kind: 'ServiceAccount' }
  const metadata = { name: 'robot', namespace: 'default' }
  await client.create({ ...account, metadata })
  const spec = { serviceAccountName: 'robot', containers: [{ name: 'a', image: 'a' }] }
  const pod = await client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec,
  })
  let now = Date.now()
  const tokens = makeTokenCache(client, () => now)
  const wish = { audience: 'vault', expirationSeconds: 3600 }
  const [first, same] = await Promise.all([tokens.token(pod, wish), tokens.token(pod, wish)])
  t.equal(same, first, 'asked for once')
  const claims = JSON.parse(
    Buffer.from(first.token.split('.')[1] ?? '', 'base64url').toString(),
  ) as Record<string, unknown>
  t.match(claims, {
    aud: ['vault'],
    'kubernetes.io': { pod: { name: 'web', uid: pod.metadata.uid } },
  })
  now += 0.7 * 3600_000
  t.equal(await tokens.token(pod, wish), first)
  now += 0.11 * 3600_000
  const second = await tokens.token(pod, wish)
  t.not(second, first)
  await client.delete(account, metadata)
  now += 0.17 * 3600_000
  t.equal(await tokens.token(pod, wish), second, 'the last one while none can be had')
  now += 3600_000
  await t.rejects(tokens.token(pod, wish))
  tokens.forgetPod(pod.metadata.uid ?? '')
})

t.test('what cannot be read is an error, and is asked for again', async (t) => {
  const { server } = await openApi(t)
  const nobody = makeLocalClient(server, { name: 'nobody', groups: [] })
  const sources = makeClientSources({ client: nobody, services: () => [] })
  t.teardown(() => sources.stop())
  for (const time of ['first', 'second']) {
    const error: unknown = await sources.secret('default', 'x').catch((it: unknown) => it)
    t.match(error, { status: { code: 403 } }, time)
  }
})
