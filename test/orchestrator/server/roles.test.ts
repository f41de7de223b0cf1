import t from 'tap'
import { openApi } from './api-under-test.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const apiVersion = 'rbac.authorization.k8s.io/v1'
const pods = '/api/v1/namespaces/default/pods'

const role = (name: string, ...rules: object[]) => ({
  apiVersion,
  kind: 'Role',
  metadata: { name },
  rules,
})
const binding = (name: string, user: string, kind = 'Role') => ({
  apiVersion,
  kind: 'RoleBinding',
  metadata: { name: `${name}-${user}` },
  roleRef: { kind, name },
  subjects: [{ kind: 'User', name: user }],
})
const as = (user: string, groups = '') => ({
  'impersonate-user': user,
  ...(groups ? { 'impersonate-group': groups } : {}),
})

t.test('roles decide', async (t) => {
  const { send } = await openApi(t)
  const roles = `${rbac}/namespaces/default/roles`
  const bindings = `${rbac}/namespaces/default/rolebindings`
  await send(
    'POST',
    roles,
    role('reader', { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list'] }),
  )
  await send(
    'POST',
    roles,
    role('one', {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['mine'],
      verbs: ['get'],
    }),
  )
  await send('POST', bindings, binding('reader', 'rita'))
  await send('POST', bindings, binding('one', 'otto'))
  const rows: [string, string, string, string, number][] = [
    ['a bound user reads', 'rita', 'GET', pods, 200],
    ['and does not write', 'rita', 'DELETE', pods, 403],
    ['nor elsewhere', 'rita', 'GET', '/api/v1/namespaces/kube-system/pods', 403],
    ['nor everywhere', 'rita', 'GET', '/api/v1/pods', 403],
    ['a stranger reads nothing', 'sam', 'GET', pods, 403],
    [
      'a rule for one name lets that through',
      'otto',
      'GET',
      '/api/v1/namespaces/default/configmaps/mine',
      404,
    ],
    ['and no other', 'otto', 'GET', '/api/v1/namespaces/default/configmaps/yours', 403],
    ['and no list', 'otto', 'GET', '/api/v1/namespaces/default/configmaps', 403],
    ['everybody sees what is served', 'sam', 'GET', '/apis', 200],
    ['nobody without a name does', 'system:anonymous', 'GET', '/apis', 403],
    ['but whether the server lives', 'system:anonymous', 'GET', '/healthz', 200],
  ]
  for (const [name, user, method, path, code] of rows)
    t.equal((await send(method, path, undefined, as(user))).code, code, name)
  await send('DELETE', `${bindings}/reader-rita`)
  t.equal(
    (await send('GET', pods, undefined, as('rita'))).code,
    403,
    'a binding that is gone counts no more',
  )
})

t.test('the roles that every cluster has', async (t) => {
  const { send } = await openApi(t)
  const bindings = `${rbac}/namespaces/default/rolebindings`
  for (const name of ['view', 'edit', 'admin'])
    await send('POST', bindings, binding(name, name, 'ClusterRole'))
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { generateName: 's-' } }
  const codes = async (user: string) => {
    const list = await send('GET', '/api/v1/namespaces/default/secrets', undefined, as(user))
    const create = await send('POST', '/api/v1/namespaces/default/secrets', secret, as(user))
    const grant = await send(
      'POST',
      bindings,
      binding('view', `by-${user}`, 'ClusterRole'),
      as(user),
    )
    return [list.code, create.code, grant.code]
  }
  t.same(await codes('view'), [403, 403, 403])
  t.same(await codes('edit'), [200, 201, 403])
  t.same(await codes('admin'), [200, 201, 201])
  t.equal((await send('GET', '/api/v1/nodes', undefined, as('x', 'system:nodes'))).code, 200)
})

t.test('nobody gives what they do not have, or acts as somebody else', async (t) => {
  const { send } = await openApi(t)
  await send(
    'POST',
    `${rbac}/namespaces/default/rolebindings`,
    binding('admin', 'ann', 'ClusterRole'),
  )
  const nodes = role('nodes', { apiGroups: [''], resources: ['nodes'], verbs: ['get'] })
  t.match(await send('POST', `${rbac}/namespaces/default/roles`, nodes, as('ann')), {
    code: 403,
    body: { message: /attempting to grant RBAC permissions not currently held/ },
  })
  const all = binding('cluster-admin', 'ann', 'ClusterRole')
  t.equal((await send('POST', `${rbac}/namespaces/default/rolebindings`, all, as('ann'))).code, 403)
  const { server } = await openApi(t)
  const response = await server.handle({
    method: 'GET',
    path: pods,
    query: new URLSearchParams(),
    headers: as('admin', 'system:masters'),
    body: async () => Buffer.alloc(0),
    user: { name: 'eve', groups: ['system:authenticated'] },
    warnings: [],
  })
  t.equal(response.code, 403)
})
