import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { formatIndexes, parseIndexes } from '../../../orchestrator/controllers/job/index-set.ts'
import { startJobController } from '../../../orchestrator/controllers/job/job-controller.ts'
import { isTracked } from '../../../orchestrator/controllers/job/job-pods.ts'
import { planJob } from '../../../orchestrator/controllers/job/plan-job.ts'
import { conditionOf, podPhase } from '../../../orchestrator/controllers/objects/pod-facts.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { startTtlAfterFinishedController } from '../../../orchestrator/controllers/ttl-after-finished/ttl-after-finished-controller.ts'
import { openCluster } from './cluster-under-test.ts'

const now = new Date('2026-01-01T01:00:00Z')

function makeJob(spec: Record<string, unknown> = {}): KubeObject {
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'main' }] },
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default', uid: 'job' },
    spec: { parallelism: 1, completions: 1, backoffLimit: 6, template, ...spec },
  }
}

interface PodShape {
  readonly phase: string
  readonly index?: number
  readonly code?: number
  readonly tracked?: boolean
  readonly ageSeconds?: number
}

function makePod(
  { phase, index, code, tracked = true, ageSeconds = 3600 }: PodShape,
  n: number,
): KubeObject {
  const key = 'batch.kubernetes.io/job-completion-index'
  const finishedAt = new Date(now.getTime() - ageSeconds * 1000).toISOString()
  const exit = code ?? (phase === 'Failed' ? 1 : 0)
  const ended = phase === 'Failed' || phase === 'Succeeded'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `work-${n}`,
      namespace: 'default',
      uid: `pod-${n}`,
      creationTimestamp: finishedAt,
      ...(index === undefined ? {} : { annotations: { [key]: `${index}` } }),
      ...(tracked ? { finalizers: ['batch.kubernetes.io/job-tracking'] } : {}),
    },
    status: {
      phase,
      ...(ended
        ? {
            containerStatuses: [
              { name: 'main', state: { terminated: { exitCode: exit, finishedAt } } },
            ],
          }
        : {}),
    },
  }
}

interface Row {
  readonly title: string
  readonly spec?: Record<string, unknown>
  readonly pods?: readonly PodShape[]
  /** Pods started, pods deleted, and the reason of how it ends. */
  readonly want: { start?: number; stop?: number; ends?: string; waits?: boolean }
}

const failed: PodShape = { phase: 'Failed' }
const rows: Row[] = [
  { title: 'a new one', want: { start: 1 } },
  { title: 'several at once', spec: { parallelism: 3, completions: 5 }, want: { start: 3 } },
  {
    title: 'no more than are needed',
    spec: { parallelism: 3, completions: 2 },
    want: { start: 2 },
  },
  { title: 'one that runs', pods: [{ phase: 'Running' }], want: {} },
  {
    title: 'enough successes',
    pods: [{ phase: 'Succeeded' }],
    want: { ends: 'CompletionsReached' },
  },
  { title: 'a failure a while ago', pods: [failed], want: { start: 1 } },
  { title: 'a failure just now', pods: [{ ...failed, ageSeconds: 3 }], want: { waits: true } },
  {
    title: 'too many failures',
    spec: { backoffLimit: 0 },
    pods: [failed],
    want: { ends: 'BackoffLimitExceeded' },
  },
  { title: 'suspended', spec: { suspend: true }, pods: [{ phase: 'Running' }], want: { stop: 1 } },
  { title: 'too many pods', pods: [{ phase: 'Running' }, { phase: 'Pending' }], want: { stop: 1 } },
  {
    title: 'a work queue with one success',
    spec: { completions: undefined, parallelism: 2 },
    pods: [{ phase: 'Succeeded' }, { phase: 'Running' }],
    want: {},
  },
  {
    title: 'a work queue that is done',
    spec: { completions: undefined, parallelism: 2 },
    pods: [{ phase: 'Succeeded' }],
    want: { ends: 'CompletionsReached' },
  },
  {
    title: 'a failure that fails the job',
    spec: {
      podFailurePolicy: {
        rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }],
      },
    },
    pods: [{ phase: 'Failed', code: 42 }],
    want: { ends: 'PodFailurePolicy' },
  },
  {
    title: 'a failure that does not count',
    spec: {
      backoffLimit: 0,
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [42] } }],
      },
    },
    pods: [{ phase: 'Failed', code: 42 }],
    want: { start: 1 },
  },
  {
    title: 'indexes that are left',
    spec: { completionMode: 'Indexed', completions: 3, parallelism: 3 },
    pods: [{ phase: 'Succeeded', index: 1 }],
    want: { start: 2 },
  },
  {
    title: 'an index twice',
    spec: { completionMode: 'Indexed', completions: 2, parallelism: 2 },
    pods: [
      { phase: 'Running', index: 0 },
      { phase: 'Pending', index: 0 },
    ],
    want: { start: 1, stop: 1 },
  },
  {
    title: 'an index that failed for good',
    spec: { completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 0 },
    pods: [
      { phase: 'Failed', index: 0 },
      { phase: 'Succeeded', index: 1 },
    ],
    want: { ends: 'FailedIndexes' },
  },
  {
    title: 'success by policy',
    spec: {
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 3,
      successPolicy: { rules: [{ succeededIndexes: '0' }] },
    },
    pods: [
      { phase: 'Succeeded', index: 0 },
      { phase: 'Running', index: 1 },
    ],
    want: { ends: 'SuccessPolicy', stop: 1 },
  },
]
for (const { title, spec, pods = [], want } of rows)
  t.test(`a job: ${title}`, async (t) => {
    const { writes, againInMs } = planJob(makeJob(spec), pods.map(makePod), now)
    const status = writes.find((write) => write.verb === 'update' && write.subresource === 'status')
    const conditions = (status?.verb === 'update' && status.object.status?.['conditions']) || []
    const end = (conditions as { type: string; reason: string }[]).find(
      ({ type }) => type !== 'Suspended',
    )
    t.strictSame(
      {
        start: writes.filter(({ verb }) => verb === 'create').length,
        stop: writes.filter(({ verb }) => verb === 'delete').length,
        ends: end?.reason,
        waits: againInMs !== undefined,
      },
      { start: 0, stop: 0, ends: undefined, waits: false, ...want },
    )
  })

t.test('sets of indexes', async (t) => {
  for (const text of ['', '0', '0,1', '0-2', '1,3-5,7'])
    t.equal(formatIndexes(parseIndexes(text, 10)), text, text)
  t.strictSame([...parseIndexes('1-100', 3)], [1, 2])
})

t.test('a job runs to its end', async (t) => {
  const { client, until, patchStatus } = await openCluster(t, [
    startJobController,
    startTtlAfterFinishedController,
  ])
  const { uid: _, ...metadata } = makeJob().metadata
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }
  await client.create({
    ...makeJob(),
    metadata,
    spec: { completions: 2, parallelism: 2, completionMode: 'Indexed', template },
  })
  const pods = await until(kinds.pod, (all) => all.length === 2)
  t.ok(pods.every(isTracked))
  t.strictSame(new Set(pods.map((pod) => pod.spec?.['hostname'])), new Set(['work-0', 'work-1']))
  for (const pod of pods) await patchStatus(pod, { phase: 'Succeeded' })
  const [job] = await until(
    kinds.job,
    ([one]) => one !== undefined && conditionOf(one, 'Complete') !== undefined,
  )
  t.match(job?.status, {
    succeeded: 2,
    completedIndexes: '0,1',
    uncountedTerminatedPods: {},
    completionTime: String,
  })
  const ended = await until(kinds.pod, (all) => all.length === 2 && !all.some(isTracked))
  t.ok(ended.every((pod) => podPhase(pod) === 'Succeeded'))
  await client.patch(kinds.job, { name: 'work', namespace: 'default' }, 'merge', {
    spec: { ttlSecondsAfterFinished: 0 },
  })
  await until(
    kinds.job,
    (all) => all.length === 0 || all[0]?.metadata.deletionTimestamp !== undefined,
  )
})

t.test('a job that fails', async (t) => {
  const { client, until, patchStatus } = await openCluster(t, [startJobController])
  const { uid: _, ...metadata } = makeJob().metadata
  await client.create({ ...makeJob({ backoffLimit: 0 }), metadata })
  const [pod] = await until(kinds.pod, (all) => all.length === 1)
  await patchStatus(pod!, { phase: 'Failed' })
  const [job] = await until(
    kinds.job,
    ([one]) => one !== undefined && conditionOf(one, 'Failed') !== undefined,
  )
  t.match(conditionOf(job!, 'Failed'), { reason: 'BackoffLimitExceeded' })
  t.match(job?.status, { failed: 1 })
  await client.delete(
    kinds.job,
    { name: 'work', namespace: 'default' },
    { propagationPolicy: 'Background' },
  )
  await client.delete(
    kinds.pod,
    { name: pod!.metadata.name!, namespace: 'default' },
    { gracePeriodSeconds: 0 },
  )
  await until(kinds.pod, (all) => all.length === 0)
})
