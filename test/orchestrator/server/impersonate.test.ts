import t from 'tap'
import { openApi } from './api-under-test.ts'

const review = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
const rbac = '/apis/rbac.authorization.k8s.io/v1'

t.test('who somebody acts as', async (t) => {
  const { send } = await openApi(t)
  const whoami = async (headers: Record<string, string>) => {
    const answer = await send('POST', review, body, headers)
    const { status } = answer.body as { status?: { userInfo?: object } }
    return { code: answer.code, user: status?.userInfo }
  }
  const rows: [string, Record<string, string>, object][] = [
    ['nobody else', {}, { username: 'admin' }],
    [
      'a user with all that users have',
      {
        'impersonate-user': 'jane',
        'impersonate-group': 'devs,ops',
        'impersonate-uid': '1234',
        'impersonate-extra-scopes': 'a, b',
        'impersonate-extra-acme.com%2fproject': 'x',
      },
      {
        username: 'jane',
        uid: '1234',
        groups: ['devs', 'ops', 'system:authenticated'],
        extra: { scopes: ['a', 'b'], 'acme.com/project': ['x'] },
      },
    ],
    [
      'an account of a service',
      { 'impersonate-user': 'system:serviceaccount:team:robot' },
      {
        username: 'system:serviceaccount:team:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:team', 'system:authenticated'],
      },
    ],
  ]
  for (const [name, headers, user] of rows) t.match((await whoami(headers)).user, user, name)
  for (const header of ['impersonate-group', 'impersonate-uid', 'impersonate-extra-scopes'])
    t.equal((await whoami({ [header]: 'x' })).code, 400, `${header} without a user`)
})

t.test('who may act as whom', async (t) => {
  const { server, send } = await openApi(t)
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const rules = [
    { apiGroups: [''], resources: ['users'], resourceNames: ['jane'], verbs: ['impersonate'] },
    {
      apiGroups: ['authentication.k8s.io'],
      resources: ['userextras/scopes'],
      resourceNames: ['read'],
      verbs: ['impersonate'],
    },
  ]
  await send('POST', `${rbac}/clusterroles`, {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name: 'as-jane' },
    rules,
  })
  await send('POST', `${rbac}/clusterrolebindings`, {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'as-jane' },
    roleRef: { kind: 'ClusterRole', name: 'as-jane' },
    subjects: [{ kind: 'User', name: 'bob' }],
  })
  const bytes = Buffer.from(JSON.stringify(body))
  const codeOf = async (headers: Record<string, string>) => {
    const { code } = await server.handle({
      method: 'POST',
      path: review,
      query: new URLSearchParams(),
      headers: { 'content-type': 'application/json', 'impersonate-user': 'jane', ...headers },
      body: async () => bytes,
      user: { name: 'bob', groups: ['system:authenticated'] },
      warnings: [],
    })
    return code
  }
  t.equal(await codeOf({}), 201)
  t.equal(await codeOf({ 'impersonate-user': 'admin' }), 403, 'another user')
  t.equal(await codeOf({ 'impersonate-group': 'system:masters' }), 403, 'a group')
  t.equal(await codeOf({ 'impersonate-uid': '1' }), 403, 'a uid')
  t.equal(await codeOf({ 'impersonate-extra-scopes': 'read' }), 201)
  t.equal(await codeOf({ 'impersonate-extra-scopes': 'write' }), 403, 'another value')
  t.equal(await codeOf({ 'impersonate-extra-other': 'read' }), 403, 'another key')
})
