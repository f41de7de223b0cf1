import { createLocalJWKSet, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { makeApiServer } from '../../../orchestrator/server/api-server.ts'
import { makeAuthority } from '../../../orchestrator/server/certificates.ts'
import { makeTokenIssuer } from '../../../orchestrator/server/token-issuer.ts'
import { openApi } from './api-under-test.ts'
import { openTemporaryStore } from '../store/sqlite/temporary-store.ts'

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const write = { user: { name: 'admin', groups: ['system:masters'] }, dryRun: false }

/** A cluster whose default account is this one. @returns what makes a pod */
async function open(t: Test, account: object) {
  const { store, remove } = await openTemporaryStore()
  t.teardown(remove)
  const { context } = await makeApiServer(store, { serviceAccounts: true })
  const { registry, resources } = context
  const make = (kind: string, object: object): Promise<KubeObject> => {
    const whole = { apiVersion: 'v1', kind, metadata: { name: 'default' }, ...object }
    return resources.create(registry.byKind('v1', kind)!, 'default', whole, write)
  }
  await make('ServiceAccount', account)
  return (spec: object) =>
    make('Pod', { metadata: { name: 'p' }, spec: { containers: [container('c')], ...spec } })
}

const container = (name: string, volumeMounts: object[] = []) => ({
  name,
  image: 'x',
  volumeMounts,
})

t.test('a pod gets the token of its account', async (t) => {
  const makePod = await open(t, { imagePullSecrets: [{ name: 'registry' }] })
  const { spec } = await makePod({ initContainers: [container('i')] })
  const volume = (spec!['volumes'] as { name: string }[])[0]!
  t.match(volume.name, /^kube-api-access-[a-z0-9]{5}$/)
  t.match(volume, { projected: { defaultMode: 420, sources: [{}, {}, {}] } })
  const mounts = [{ name: volume.name, readOnly: true, mountPath }]
  t.match(spec, {
    serviceAccountName: 'default',
    serviceAccount: 'default',
    imagePullSecrets: [{ name: 'registry' }],
    containers: [{ volumeMounts: mounts }],
    initContainers: [{ volumeMounts: mounts }],
  })
})

const rows = [
  { title: 'the account wants none', account: { automountServiceAccountToken: false }, spec: {} },
  { title: 'the pod wants none', account: {}, spec: { automountServiceAccountToken: false } },
  {
    title: 'something else is there',
    account: {},
    spec: {
      containers: [container('c', [{ name: 'v', mountPath }])],
      volumes: [{ name: 'v', emptyDir: {} }],
    },
  },
] as const
for (const { title, account, spec } of rows)
  t.test(`no token: ${title}`, async (t) => {
    const makePod = await open(t, account)
    const pod = await makePod(spec)
    const volumes = (pod.spec!['volumes'] ?? []) as { name: string }[]
    t.notOk(volumes.some(({ name }) => name.startsWith('kube-api-access')))
  })

t.test('an account that is not there', async (t) => {
  const makePod = await open(t, {})
  const refusal: unknown = await makePod({ serviceAccountName: 'nobody' }).catch(
    (error: unknown) => error,
  )
  t.match(refusal, {
    status: {
      code: 403,
      message:
        'pods "p" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    },
  })
})

t.test('others can check tokens by themselves', async (t) => {
  const name = 'https://cluster.example'
  const issuer = makeTokenIssuer((await makeAuthority('tokens')).key, name)
  const { send } = await openApi(t, { issuer })
  const { body } = await send('GET', '/.well-known/openid-configuration')
  t.match(body, { issuer: name, jwks_uri: `${name}/openid/v1/jwks` })
  const { response } = await send('GET', '/openid/v1/jwks')
  t.equal(response.headers['content-type'], 'application/jwk-set+json')
  const keys = JSON.parse('body' in response ? response.body.toString() : '') as JSONWebKeySet
  const account = { namespace: 'a', name: 'b', uid: 'c', audiences: ['d'] }
  const token = await issuer.issue({ ...account, expires: Math.floor(Date.now() / 1000) + 60 })
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { issuer: name })
  t.equal(payload.sub, 'system:serviceaccount:a:b')
  t.equal((await send('POST', '/openid/v1/jwks')).code, 405)
})
