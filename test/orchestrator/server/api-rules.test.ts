import t from 'tap'
import { openApi, readWatch } from './api-under-test.ts'

const pods = '/api/v1/namespaces/default/pods'
const maps = '/api/v1/namespaces/default/configmaps'
const pod = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...more },
  spec: { containers: [{ name: 'c', image: 'x' }] },
})
const map = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
})

t.test('a create is answered with what the server adds', async (t) => {
  const { send } = await openApi(t)
  const { code, body } = await send('POST', pods, {
    ...pod(''),
    metadata: { generateName: 'a-', labels: {} },
  })
  t.equal(code, 201)
  t.match(body, {
    metadata: {
      name: /^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/,
      generation: 1,
      namespace: 'default',
      uid: /^[0-9a-f-]{36}$/,
    },
  })
  t.match(body, {
    status: { phase: 'Pending', qosClass: 'BestEffort' },
    spec: { restartPolicy: 'Always' },
  })
})

const wrong: {
  name: string
  send: [string, string, unknown?, Record<string, string>?]
  code: number
  reason: string
  message?: RegExp
}[] = [
  {
    name: 'every fault of an object',
    send: [
      'POST',
      pods,
      {
        ...pod('A_b'),
        spec: { containers: [{ name: 'c' }, { name: 'c', image: 'x', imagePullPolicy: 'Often' }] },
      },
    ],
    code: 422,
    reason: 'Invalid',
    message:
      /metadata\.name: Invalid value.*spec\.containers\[1\]\.imagePullPolicy: Unsupported value: "Often".*spec\.containers\[0\]\.image: Required value.*spec\.containers\[1\]\.name: Duplicate value/,
  },
  {
    name: 'no name',
    send: ['POST', pods, pod('')],
    code: 422,
    reason: 'Invalid',
    message: /name or generateName is required/,
  },
  {
    name: 'a namespace that is not there',
    send: ['POST', '/api/v1/namespaces/none/pods', pod('a')],
    code: 404,
    reason: 'NotFound',
    message: /^namespaces "none" not found$/,
  },
  {
    name: 'another namespace in the body',
    send: ['POST', pods, pod('a', { namespace: 'b' })],
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'another kind in the body',
    send: ['POST', pods, map('a')],
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'a body of an unknown type',
    send: ['POST', pods, 'x', { 'content-type': 'text/x' }],
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    name: 'an answer of an unknown type',
    send: ['GET', pods, undefined, { accept: 'text/html' }],
    code: 406,
    reason: 'NotAcceptable',
  },
  {
    name: 'a path that is none',
    send: ['GET', '/apis/none/v1/things'],
    code: 404,
    reason: 'NotFound',
  },
  {
    name: 'a method that the resource has not',
    send: ['PATCH', pods, {}],
    code: 405,
    reason: 'MethodNotAllowed',
  },
  {
    name: 'a patch of an unknown type',
    send: ['PATCH', `${maps}/kept`, {}],
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    name: 'an update that is too late',
    send: ['PUT', `${maps}/kept`, map('kept', { resourceVersion: '1' })],
    code: 409,
    reason: 'Conflict',
    message: /the object has been modified/,
  },
  {
    name: 'a deletion of another object',
    send: ['DELETE', `${maps}/kept`, { preconditions: { uid: 'x' } }],
    code: 409,
    reason: 'Conflict',
  },
  {
    name: 'a watch of the future',
    send: ['GET', `${pods}?watch=true&resourceVersion=99999999`],
    code: 410,
    reason: 'Expired',
  },
  {
    name: 'a list of the future',
    send: ['GET', `${pods}?resourceVersion=99999999`],
    code: 504,
    reason: 'Timeout',
  },
  {
    name: 'initial events without bookmarks',
    send: ['GET', `${pods}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`],
    code: 422,
    reason: 'Invalid',
  },
  {
    name: 'a token that is none',
    send: ['GET', `${pods}?continue=abc`],
    code: 400,
    reason: 'BadRequest',
  },
]
t.test('what is refused', async (t) => {
  const { send, store } = await openApi(t)
  await send('POST', maps, map('kept'))
  const before = await store.currentRevision()
  for (const { name, send: words, code, reason, message } of wrong) {
    const { body } = await send(...words)
    t.match(body, { kind: 'Status', status: 'Failure', code, reason }, name)
    if (message) t.match(body['message'], message, name)
  }
  t.equal(await store.currentRevision(), before, 'nothing was written')
})

t.test('unknown fields are refused, reported or dropped', async (t) => {
  const { send } = await openApi(t)
  const body = { ...map('a'), nope: 1 }
  t.equal((await send('POST', `${maps}?fieldValidation=Strict`, body)).code, 400)
  const warned = await send('POST', `${maps}?fieldValidation=Warn`, body)
  t.same([warned.code, warned.warnings], [201, ['unknown field "nope"']])
  t.equal(warned.body['nope'], undefined)
  const ignored = await send('PUT', `${maps}/a?fieldValidation=Ignore`, body)
  t.same([ignored.code, ignored.warnings], [200, []])
})

t.test('a dry run shows and keeps nothing', async (t) => {
  const { send, store } = await openApi(t)
  const before = await store.currentRevision()
  t.match(await send('POST', `${maps}?dryRun=All`, map('a')), {
    code: 201,
    body: { metadata: { uid: String } },
  })
  t.equal((await send('GET', `${maps}/a`)).code, 404)
  t.equal(await store.currentRevision(), before)
})

t.test('generation counts what is wanted, status is apart', async (t) => {
  const { send } = await openApi(t)
  const { body } = await send('POST', pods, pod('a'))
  const status = await send('PUT', `${pods}/a/status`, {
    ...body,
    spec: { containers: [] },
    status: { phase: 'Running' },
  })
  t.match(status.body, {
    status: { phase: 'Running' },
    metadata: { generation: 1 },
    spec: { containers: [{ name: 'c' }] },
  })
  const merge = { 'content-type': 'application/merge-patch+json' }
  const main = await send(
    'PATCH',
    `${pods}/a`,
    { metadata: { labels: { a: 'b' } }, status: { phase: 'Failed' } },
    merge,
  )
  t.match(main.body, {
    status: { phase: 'Running' },
    metadata: { generation: 1, labels: { a: 'b' } },
  })
  const same = await send('PATCH', `${pods}/a`, { metadata: { labels: { a: 'b' } } }, merge)
  t.same(same.body, main.body, 'a write that changes nothing is none')
  const active = await send('PATCH', `${pods}/a`, { spec: { activeDeadlineSeconds: 5 } }, merge)
  t.match(active.body, { metadata: { generation: 2 } })
})

t.test('a finalizer holds an object until it is taken off', async (t) => {
  const { send } = await openApi(t)
  await send('POST', maps, map('a', { finalizers: ['example.com/x'] }))
  t.match((await send('DELETE', `${maps}/a`)).body, {
    kind: 'ConfigMap',
    metadata: { deletionTimestamp: String },
  })
  const merge = { 'content-type': 'application/merge-patch+json' }
  const added = await send(
    'PATCH',
    `${maps}/a`,
    { metadata: { finalizers: ['example.com/x', 'example.com/y'] } },
    merge,
  )
  t.match(added.body, { reason: 'Invalid' })
  await send('PATCH', `${maps}/a`, { metadata: { finalizers: null } }, merge)
  t.equal((await send('GET', `${maps}/a`)).code, 404)
})

t.test('a bound pod goes with its grace', async (t) => {
  const { send } = await openApi(t)
  await send('POST', pods, pod('a'))
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'a' },
    target: { kind: 'Node', name: 'n' },
  }
  t.equal((await send('POST', `${pods}/a/binding`, binding)).code, 201)
  t.equal((await send('POST', `${pods}/a/binding`, binding)).code, 409)
  t.match((await send('DELETE', `${pods}/a`)).body, {
    metadata: { deletionGracePeriodSeconds: 30 },
  })
  t.match((await send('DELETE', `${pods}/a`, { gracePeriodSeconds: 0 })).body, { kind: 'Pod' })
  t.equal((await send('GET', `${pods}/a`)).code, 404)
})

t.test('a pod gets its priority and its patience', async (t) => {
  const { send } = await openApi(t)
  const made = await send('POST', pods, pod('a'))
  t.match(made.body, {
    spec: {
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute', tolerationSeconds: 300 },
        { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    },
  })
  const named = (name: string) => ({
    ...pod('b'),
    spec: { ...pod('b').spec, priorityClassName: name },
  })
  t.equal((await send('POST', pods, named('nope'))).code, 403)
  const critical = await send('POST', pods, named('system-node-critical'))
  t.match(critical.body, { spec: { priority: 2_000_001_000 } })
})

t.test('a list comes in pages of one moment', async (t) => {
  const { send } = await openApi(t)
  for (const name of ['a', 'b', 'c']) await send('POST', maps, map(name))
  const first = await send('GET', `${maps}?limit=2`)
  t.match(first.body, { metadata: { continue: String, remainingItemCount: 1 } })
  await send('POST', maps, map('d'))
  const token = (first.body['metadata'] as { continue: string }).continue
  const second = await send('GET', `${maps}?limit=2&continue=${token}`)
  t.same(
    (second.body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name),
    ['c'],
  )
})

t.test('a watch sees objects come into its selection and go', async (t) => {
  const { send } = await openApi(t)
  await send('POST', maps, map('a', { labels: { in: 'yes' } }))
  const { response } = await send(
    'GET',
    `${maps}?watch=true&labelSelector=in%3Dyes&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
  )
  const watch = readWatch(response)
  t.teardown(() => watch.close())
  const merge = { 'content-type': 'application/merge-patch+json' }
  await send('PATCH', `${maps}/a`, { metadata: { labels: { in: 'no' } } }, merge)
  await send('PATCH', `${maps}/a`, { metadata: { labels: { in: 'yes' } } }, merge)
  await send('DELETE', `${maps}/a`)
  await watch.until(5)
  t.same(
    watch.events.map(({ type }) => type),
    ['ADDED', 'BOOKMARK', 'DELETED', 'ADDED', 'DELETED'],
  )
  t.match(watch.events[1], {
    object: {
      kind: 'ConfigMap',
      metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } },
    },
  })
})

t.test('both versions of an autoscaler are one object', async (t) => {
  const { send } = await openApi(t)
  const path = (version: string) =>
    `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`
  const scaleTargetRef = { kind: 'Deployment', name: 'd' }
  const spec = { maxReplicas: 3, targetCPUUtilizationPercentage: 50, scaleTargetRef }
  const made = await send('POST', path('v1'), {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a' },
    spec,
  })
  t.equal(made.code, 201)
  t.match((await send('GET', `${path('v2')}/a`)).body, {
    spec: { metrics: [{ resource: { target: { averageUtilization: 50 } } }] },
  })
  t.match((await send('GET', `${path('v1')}/a`)).body, {
    apiVersion: 'autoscaling/v1',
    spec: { targetCPUUtilizationPercentage: 50 },
  })
})

t.test('who may not is told what', async (t) => {
  const { server } = await openApi(t)
  const response = await server.handle({
    method: 'GET',
    path: pods,
    query: new URLSearchParams(),
    headers: {},
    body: async () => Buffer.alloc(0),
    user: { name: 'u', groups: [] },
    warnings: [],
  })
  const text = 'body' in response ? response.body.toString() : ''
  t.match(JSON.parse(text), {
    code: 403,
    message:
      'pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "default"',
  })
})
