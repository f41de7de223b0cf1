import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { planCronJob } from '../../../orchestrator/controllers/cron-job/plan-cron-job.ts'
import { startCronJobController } from '../../../orchestrator/controllers/cron-job/cron-job-controller.ts'
import { parseSchedule } from '../../../orchestrator/controllers/cron-job/schedule.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { openCluster } from './cluster-under-test.ts'

const now = new Date('2026-01-01T12:00:30Z')

function makeCronJob(spec: Record<string, unknown> = {}, last?: string): KubeObject {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      name: 'tick',
      namespace: 'default',
      uid: 'c',
      creationTimestamp: '2026-01-01T11:59:30Z',
    },
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template } }, ...spec },
    ...(last ? { status: { lastScheduleTime: last } } : {}),
  }
}

function makeJob(name: string, end?: string): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      creationTimestamp: `2026-01-01T11:00:0${name.length}Z`,
    },
    status: end ? { conditions: [{ type: end, status: 'True' }] } : {},
  }
}

const name = `tick-${Date.parse('2026-01-01T12:00:00Z') / 60_000}`
const running = makeJob('x')
const rows: { title: string; cronJob: KubeObject; jobs?: KubeObject[]; want: string[] }[] = [
  { title: 'due', cronJob: makeCronJob(), want: [`create ${name}`] },
  { title: 'not due', cronJob: makeCronJob({}, '2026-01-01T12:00:00Z'), want: [] },
  { title: 'suspended', cronJob: makeCronJob({ suspend: true }), want: [] },
  { title: 'made already', cronJob: makeCronJob(), jobs: [makeJob(name)], want: [] },
  { title: 'beside another', cronJob: makeCronJob(), jobs: [running], want: [`create ${name}`] },
  {
    title: 'not beside another',
    cronJob: makeCronJob({ concurrencyPolicy: 'Forbid' }),
    jobs: [running],
    want: ['say JobAlreadyActive'],
  },
  {
    title: 'instead of another',
    cronJob: makeCronJob({ concurrencyPolicy: 'Replace' }),
    jobs: [running],
    want: ['delete x', `create ${name}`],
  },
  { title: 'too late', cronJob: makeCronJob({ startingDeadlineSeconds: 10 }), want: [] },
  {
    title: 'after a day',
    cronJob: makeCronJob({}, '2025-12-31T12:00:00Z'),
    want: [`create ${name}`, 'say TooManyMissedTimes'],
  },
  {
    title: 'no schedule',
    cronJob: makeCronJob({ schedule: 'never' }),
    want: ['say UnparseableSchedule'],
  },
  {
    title: 'history',
    cronJob: makeCronJob({ suspend: true, successfulJobsHistoryLimit: 1 }),
    jobs: [makeJob('a', 'Complete'), makeJob('bb', 'Complete'), makeJob('ccc', 'Failed')],
    want: ['delete a'],
  },
]
for (const { title, cronJob, jobs = [], want } of rows)
  t.test(`a cron job: ${title}`, async (t) => {
    const { writes } = planCronJob({ cronJob, jobs, now })
    const shown = writes.flatMap((write) => {
      if (write.verb === 'remark') return [`say ${write.remark.reason}`]
      return write.verb === 'update' ? [] : [`${write.verb} ${write.object.metadata.name}`]
    })
    t.strictSame(shown, want)
  })

t.test('schedules', async (t) => {
  const at = (text: string) => new Date(text)
  t.strictSame(
    parseSchedule('0 9 * * 1-5', 'Europe/Berlin').next(at('2026-07-03T08:00:00Z')),
    at('2026-07-06T07:00:00Z'),
  )
  t.strictSame(
    parseSchedule('@hourly', undefined).next(at('2026-01-01T00:30:00Z')),
    at('2026-01-01T01:00:00Z'),
  )
  t.throws(() => parseSchedule('* * * * *', 'Nowhere/Land').next(now))
  t.strictSame(
    parseSchedule('*/5 * * * *', undefined).lastBetween(at('2026-01-01T11:49:00Z'), now),
    {
      time: at('2026-01-01T12:00:00Z'),
      count: 3,
    },
  )
})

t.test('it makes jobs', async (t) => {
  const { client, until } = await openCluster(t, [startCronJobController])
  const { metadata: _, ...rest } = makeCronJob()
  const made = await client.create({ ...rest, metadata: { name: 'tick', namespace: 'default' } })
  // As if it had been there for a while.
  await client.patch(
    kinds.cronJob,
    { name: 'tick', namespace: 'default' },
    'merge',
    {
      status: { lastScheduleTime: '2026-01-01T00:00:00Z' },
    },
    'status',
  )
  const [job] = await until(kinds.job, (all) => all.length > 0)
  t.match(job?.metadata, { ownerReferences: [{ uid: made.metadata.uid }] })
  await until(kinds.cronJob, ([one]) => Array.isArray(one?.status?.['active']))
})
