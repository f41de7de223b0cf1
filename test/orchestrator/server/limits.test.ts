import t from 'tap'
import { startQuotaStatus } from '../../../orchestrator/server/quota/start-quota-status.ts'
import { openApi, readWatch } from './api-under-test.ts'

const base = '/api/v1/namespaces/default'
const pod = (name: string, resources: object = {}, labels: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { containers: [{ name: 'c', image: 'x', resources }] },
})

t.test('a limit range fills in and refuses', async (t) => {
  const { send } = await openApi(t)
  const limits = [
    {
      type: 'Container',
      default: { memory: '512Mi' },
      defaultRequest: { cpu: '100m' },
      max: { memory: '1Gi' },
      min: { cpu: '50m' },
    },
  ]
  const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } }
  t.equal((await send('POST', `${base}/limitranges`, range)).code, 201)
  const { body } = await send('POST', `${base}/pods`, pod('p1'))
  t.match(body, {
    metadata: {
      annotations: {
        'kubernetes.io/limit-ranger':
          'LimitRanger plugin set: cpu, memory request for container c; memory limit for container c',
      },
    },
    spec: {
      containers: [
        { resources: { limits: { memory: '512Mi' }, requests: { cpu: '100m', memory: '512Mi' } } },
      ],
    },
    status: { qosClass: 'Burstable' },
  })
  const refused = await send(
    'POST',
    `${base}/pods`,
    pod('p2', { limits: { memory: '2Gi' }, requests: { cpu: '10m', memory: '1Gi' } }),
  )
  t.match(refused.body, {
    code: 403,
    message:
      'pods "p2" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, maximum memory usage per Container is 1Gi, but limit is 2Gi]',
  })
})

t.test('a quota is taken, refused and given back', async (t) => {
  const { send, server } = await openApi(t)
  const status = await startQuotaStatus(server.context)
  t.teardown(() => status.stop())
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q' },
    spec: { hard: { pods: '2', 'requests.memory': '1Gi', 'count/configmaps': '1' } },
  }
  await send('POST', `${base}/resourcequotas`, quota)
  const asking = { requests: { memory: '256Mi' } }
  t.equal((await send('POST', `${base}/pods`, pod('p1', asking))).code, 201)
  t.match((await send('POST', `${base}/pods`, pod('p2'))).body, {
    code: 403,
    message: 'pods "p2" is forbidden: failed quota: q: must specify requests.memory for: c',
  })
  t.match((await send('POST', `${base}/pods`, pod('p2', { requests: { memory: '1Gi' } }))).body, {
    message:
      'pods "p2" is forbidden: exceeded quota: q, requested: requests.memory=1Gi, used: requests.memory=256Mi, limited: requests.memory=1Gi',
  })
  const both = await Promise.all(
    ['a', 'b', 'c'].map((name) => send('POST', `${base}/pods`, pod(name, asking))),
  )
  t.equal(both.filter(({ code }) => code === 201).length, 1, 'also of many at once')
  const dry = await send('POST', `${base}/pods?dryRun=All`, pod('d', asking))
  t.equal(dry.code, 403, 'a dry run is told too')

  const { response } = await send('GET', `${base}/resourcequotas?watch=true`)
  const watch = readWatch(response)
  t.teardown(() => watch.close())
  await send('DELETE', `${base}/pods/p1`)
  const used = () => (watch.events.at(-1)?.object['status'] as { used?: object } | undefined)?.used
  for (let count = 1; JSON.stringify(used()) !== JSON.stringify(expected); count++)
    await watch.until(count)
  t.same(used(), expected, 'what has gone is given back')
})
const expected = { pods: '1', 'requests.memory': '256Mi', 'count/configmaps': '0' }

t.test('an eviction asks the budget', async (t) => {
  const { send } = await openApi(t)
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
  const merge = { 'content-type': 'application/merge-patch+json' }
  const running = {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  }
  for (const name of ['p1', 'p2', 'p3']) {
    await send('POST', `${base}/pods`, pod(name, {}, { app: name === 'p3' ? 'y' : 'x' }))
    await send('PATCH', `${base}/pods/${name}/status`, running, merge)
  }
  await send('POST', budgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } },
  })
  const evict = (name: string) =>
    send('POST', `${base}/pods/${name}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name },
    })
  const refused = (message: string) => ({
    code: 429,
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: { causes: [{ reason: 'DisruptionBudget', message }] },
  })
  t.match(
    (await evict('p1')).body,
    refused('The disruption budget b is still being processed by the server.'),
  )
  const status = (disruptionsAllowed: number) => ({
    status: {
      disruptionsAllowed,
      observedGeneration: 1,
      desiredHealthy: 1,
      currentHealthy: 2,
      expectedPods: 2,
    },
  })
  await send('PATCH', `${budgets}/b/status`, status(1), merge)
  t.equal((await evict('p1')).code, 201)
  t.match((await send('GET', `${budgets}/b`)).body, {
    status: { disruptionsAllowed: 0, disruptedPods: { p1: String } },
  })
  t.match(
    (await evict('p2')).body,
    refused('The disruption budget b needs 1 healthy pods and has 2 currently'),
  )
  t.equal((await evict('p3')).code, 201, 'a pod without a budget goes')
})
