import t from 'tap'
import { listAt } from '../../../orchestrator/api/object.ts'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import type { StartController } from '../../../orchestrator/controllers/controller.ts'
import { startHorizontalPodAutoscalerController } from '../../../orchestrator/controllers/horizontal-pod-autoscaler/horizontal-pod-autoscaler-controller.ts'
import { planAutoscaler } from '../../../orchestrator/controllers/horizontal-pod-autoscaler/plan-autoscaler.ts'
import { readMeasures } from '../../../orchestrator/controllers/horizontal-pod-autoscaler/pod-groups.ts'
import { countReplicas } from '../../../orchestrator/controllers/horizontal-pod-autoscaler/replica-count.ts'
import {
  limitScale,
  readBehavior,
  stabilize,
} from '../../../orchestrator/controllers/horizontal-pod-autoscaler/scale-limits.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { openCluster } from './cluster-under-test.ts'

const now = Date.parse('2026-01-01T01:00:00Z')
const hourAgo = '2026-01-01T00:00:00Z'

type State = 'ready' | 'unready' | 'pending' | 'going'

const pod = (name: string, state: State = 'ready', request = '1'): KubeObject => ({
  ...kinds.pod,
  metadata: {
    name,
    namespace: 'default',
    ...(state === 'going' ? { deletionTimestamp: hourAgo } : {}),
  },
  spec: { containers: [{ name: 'a', resources: { requests: { cpu: request, memory: '1Gi' } } }] },
  status: {
    phase: state === 'pending' ? 'Pending' : 'Running',
    startTime: hourAgo,
    conditions: [
      {
        type: 'Ready',
        status: state === 'unready' ? 'False' : 'True',
        lastTransitionTime: hourAgo,
      },
    ],
  },
})
const metric = (name: string, cpu: string): KubeObject => ({
  apiVersion: 'metrics.k8s.io/v1beta1',
  kind: 'PodMetrics',
  metadata: { name },
  timestamp: '2026-01-01T00:59:55Z',
  window: '10s',
  containers: [{ name: 'a', usage: { cpu, memory: '512Mi' } }],
})

t.test('replicas by what pods use', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  const count = (states: readonly State[], used: readonly (string | undefined)[], percent = 50) => {
    const answer = countReplicas({
      pods: states.map((state, index) => pod(names[index]!, state)),
      measures: readMeasures(
        used.flatMap((cpu, index) => (cpu === undefined ? [] : [metric(names[index]!, cpu)])),
        'cpu',
      ),
      resource: 'cpu',
      currentReplicas: states.length,
      target: { type: 'Utilization', percent },
      now,
    })
    return typeof answer === 'string' ? answer : answer.replicas
  }
  const rows: [string, State[], (string | undefined)[], number | string][] = [
    ['at the target', ['ready', 'ready'], ['500m', '500m'], 2],
    ['less than a tenth beside it', ['ready', 'ready'], ['540m', '540m'], 2],
    ['twice as much', ['ready', 'ready'], ['1', '1'], 4],
    ['rounded up', ['ready', 'ready'], ['600m', '700m'], 3],
    ['less', ['ready', 'ready', 'ready', 'ready'], ['100m', '100m', '100m', '100m'], 1],
    ['a pod that goes does not count', ['ready', 'going'], ['1', '1'], 2],
    [
      'one not measured, on the way up: as if it did nothing',
      ['ready', 'ready'],
      ['2', undefined],
      4,
    ],
    ['and that may be enough', ['ready', 'ready'], ['1', undefined], 2],
    [
      'one not measured, on the way down: as if it used all that it asked for',
      ['ready', 'ready', 'ready', 'ready'],
      ['100m', '100m', '100m', undefined],
      3,
    ],
    ['one that waits to run, on the way up', ['ready', 'pending'], ['2', undefined], 4],
    [
      'never turned round by what is filled in',
      ['ready', 'ready', 'ready'],
      ['400m', undefined, undefined],
      3,
    ],
    ['no pods', [], [], 'no pods returned by selector while calculating replica count'],
    [
      'no measures',
      ['ready'],
      [undefined],
      'unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    ],
    [
      'none that counts',
      ['pending'],
      ['1'],
      'did not receive metrics for targeted pods (pods might be unready)',
    ],
  ]
  for (const [name, states, used, wanted] of rows) t.equal(count(states, used), wanted, name)
})

t.test('a container that asks for nothing', async (t) => {
  const bare = pod('a')
  bare.spec = { containers: [{ name: 'a' }] }
  const request = {
    pods: [bare],
    measures: readMeasures([metric('a', '500m')], 'cpu'),
    resource: 'cpu',
    currentReplicas: 1,
    now,
  }
  t.equal(
    countReplicas({ ...request, target: { type: 'Utilization', percent: 50 } }),
    'missing request for cpu in container a of Pod a',
  )
  t.same(
    countReplicas({ ...request, target: { type: 'AverageValue', amount: 100 } }),
    { replicas: 5, average: 500 },
    'an amount needs no request',
  )
})

t.test('how fast', async (t) => {
  const usual = readBehavior({})
  const rules = (up: object, down: object) =>
    readBehavior({ behavior: { scaleUp: up, scaleDown: down } })
  const limit = (desired: number, current: number, behavior = usual, change = 0) =>
    limitScale(desired, {
      behavior,
      current,
      least: 2,
      most: 100,
      events: [{ change, at: now - 5000 }],
      now,
    })
  const slow = rules(
    { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
    { policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] },
  )
  const off = rules({}, { selectPolicy: 'Disabled' })
  const rows: [string, ReturnType<typeof limit>, number, string][] = [
    ['four at once when there are few', limit(50, 3), 7, 'ScaleUpLimit'],
    ['twice as many when there are more', limit(50, 10), 20, 'ScaleUpLimit'],
    ['counted from the beginning of the period', limit(50, 10, usual, 5), 10, 'ScaleUpLimit'],
    ['never more than the most', limit(200, 80), 100, 'TooManyReplicas'],
    ['all at once on the way down', limit(2, 50), 2, 'DesiredWithinRange'],
    ['never less than the least', limit(1, 50), 2, 'TooFewReplicas'],
    ['as somebody wants it', limit(50, 10, slow), 11, 'ScaleUpLimit'],
    ['in both directions', limit(2, 50, slow), 45, 'ScaleDownLimit'],
    ['or not at all', limit(2, 50, off), 50, 'ScaleDownLimit'],
  ]
  for (const [name, answer, replicas, reason] of rows) t.same(answer, { replicas, reason }, name)
})

t.test('what was recommended lately', async (t) => {
  const usual = readBehavior({})
  const before = (replicas: number, secondsAgo: number) => ({
    replicas,
    at: now - secondsAgo * 1000,
  })
  const rows: [string, number, number, { replicas: number; at: number }[], number][] = [
    ['up at once', 2, 5, [before(2, 10)], 5],
    ['down not before five minutes', 5, 2, [before(5, 290)], 5],
    ['down then', 5, 2, [before(5, 301)], 2],
    ['down by as much as all agree', 5, 2, [before(3, 100), before(2, 50)], 3],
  ]
  for (const [name, current, desired, list, wanted] of rows)
    t.equal(stabilize(usual, current, desired, list, now), wanted, name)
})

const autoscaler = (spec: object = {}): KubeObject => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 1,
    maxReplicas: 4,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
      },
    ],
    ...spec,
  },
})

t.test('what one look comes to', async (t) => {
  const plan = (currentReplicas: number, metrics: KubeObject[] | string, spec = {}) =>
    planAutoscaler({
      autoscaler: autoscaler(spec),
      currentReplicas,
      pods: [pod('a'), pod('b')],
      metrics,
      memory: { recommendations: [], events: [] },
      now: new Date(now),
    })
  const busy = [metric('a', '1'), metric('b', '2')]
  const idle = [metric('a', '10m'), metric('b', '10m')]
  t.match(plan(2, busy), {
    desired: 4,
    rescale: 'cpu resource utilization (percentage of request) above target',
    currentMetrics: [
      { resource: { name: 'cpu', current: { averageUtilization: 150, averageValue: '1500m' } } },
    ],
    conditions: [
      { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' },
      { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound' },
      { type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' },
    ],
  })
  const waits = plan(2, idle)
  t.match(waits, { desired: 2, conditions: [{ reason: 'ScaleDownStabilized' }] })
  t.equal(waits.rescale, undefined, 'five minutes before it shrinks')
  t.match(plan(9, busy), {
    desired: 4,
    rescale: 'Current number of replicas above Spec.MaxReplicas',
  })
  t.match(plan(1, busy, { minReplicas: 2 }), {
    desired: 2,
    rescale: 'Current number of replicas below Spec.MinReplicas',
  })
  t.match(plan(0, busy).conditions, [{}, { reason: 'ScalingDisabled' }])
  const blind = plan(2, 'nobody answers')
  t.match(blind, {
    desired: 2,
    problem: { reason: 'FailedGetResourceMetric' },
    conditions: [
      { reason: 'SucceededGetScale' },
      {
        type: 'ScalingActive',
        status: 'False',
        message:
          'the HPA was unable to compute the replica count: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: nobody answers',
      },
    ],
  })
  const both = [
    ...listAt(autoscaler(), ['spec', 'metrics']),
    { type: 'External', external: { metric: { name: 'queue' } } },
  ]
  t.equal(plan(2, busy, { metrics: both }).desired, 4, 'who knows a part may grow by it')
  t.equal(plan(2, idle, { metrics: both }).rescale, undefined, 'and not shrink')
})

t.test('a deployment grows', async (t) => {
  const start: StartController = (context) => {
    const list: typeof context.client.list = async (kind, selection) => {
      if (kind.kind !== 'PodMetrics') return context.client.list(kind, selection)
      t.equal(selection?.labelSelector, 'app=web')
      return { items: [metric('a', '2')], resourceVersion: '' }
    }
    return startHorizontalPodAutoscalerController({
      ...context,
      client: { ...context.client, list },
    })
  }
  const { client, until, patchStatus } = await openCluster(t, [start], { autoscalerPeriod: 200 })
  const labels = { app: 'web' }
  const template = {
    metadata: { labels },
    spec: { containers: [{ ...listAt(pod('a'), ['spec', 'containers'])[0], image: 'b' }] },
  }
  const metadata = { name: 'web', namespace: 'default' }
  await client.create({
    ...kinds.deployment,
    metadata,
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  })
  const made = await client.create({
    ...kinds.pod,
    metadata: { name: 'a', namespace: 'default', labels },
    spec: template.spec,
  })
  await patchStatus(made, pod('a').status!)
  await client.create(autoscaler())
  const [deployment] = await until(kinds.deployment, ([one]) => one?.spec?.['replicas'] === 4)
  t.ok(deployment)
  const scaled = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' }
  const [seen] = await until(scaled, ([one]) => one?.status?.['desiredReplicas'] === 4)
  t.match(seen?.status, {
    currentMetrics: [{ type: 'Resource', resource: { current: { averageUtilization: 200 } } }],
    lastScaleTime: String,
  })
  await until({ apiVersion: 'v1', kind: 'Event' }, (all) =>
    all.some(({ reason }) => reason === 'SuccessfulRescale'),
  )
})

t.test('a target that is not there', async (t) => {
  const { client, until } = await openCluster(t, [startHorizontalPodAutoscalerController])
  await client.create(autoscaler())
  const kind = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' }
  const [seen] = await until(kind, ([one]) => one?.status?.['conditions'] !== undefined)
  t.match(seen?.status?.['conditions'], [
    {
      type: 'AbleToScale',
      status: 'False',
      reason: 'FailedGetScale',
      message:
        'the HPA controller was unable to get the target\'s current scale: deployments.apps "web" not found',
    },
  ])
})
