import { isObject, listAt, numberAt, sameJson, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject, ObjectMeta } from '../../api/object.ts'
import { controllerReference } from '../objects/ownership.ts'
import { conditionOf, createdAt, isTerminating, secondsText } from '../objects/pod-facts.ts'
import { statusWrite } from '../writes/write.ts'
import type { Plan, Remark, Write } from '../writes/write.ts'
import { parseSchedule } from './schedule.ts'
import type { Schedule } from './schedule.ts'

const scheduledKey = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
/** Timers are early or late by a little; early would find nothing to do. */
const slackMs = 100

export interface CronJobView {
  readonly cronJob: KubeObject
  /** Those that it owns. */
  readonly jobs: readonly KubeObject[]
  readonly now: Date
}

/** A Job each time the schedule says so. */
export function planCronJob({ cronJob, jobs, now }: CronJobView): Plan {
  if (isTerminating(cronJob)) return { writes: [] }
  const remarks: Remark[] = []
  const start = planStart(cronJob, jobs, now, remarks)
  const status = nextStatus(cronJob, jobs, start, remarks)
  return {
    writes: [
      ...planHistory(cronJob, jobs),
      ...start.writes,
      ...remarks.map((remark) => ({ verb: 'remark' as const, remark })),
      ...(sameJson(cronJob.status ?? {}, status) ? [] : [statusWrite(cronJob, status)]),
    ],
    againInMs: start.againInMs,
  }
}

interface Start {
  readonly writes: Write[]
  /** When the job of this moment was due. */
  readonly time?: Date
  readonly againInMs?: number | undefined
}

function say(about: KubeObject, type: Remark['type'], reason: string, message: string): Remark {
  return { about, type, reason, message }
}

function planStart(
  cronJob: KubeObject,
  jobs: readonly KubeObject[],
  now: Date,
  remarks: Remark[],
): Start {
  if (valueAt(cronJob, ['spec', 'suspend']) === true) return { writes: [] }
  let schedule: Schedule
  const pattern = textAt(cronJob, ['spec', 'schedule']) ?? ''
  try {
    schedule = parseSchedule(pattern, textAt(cronJob, ['spec', 'timeZone']))
  } catch (error) {
    const message = `unparseable schedule: ${JSON.stringify(pattern)} : ${(error as Error).message}`
    remarks.push(say(cronJob, 'Warning', 'UnparseableSchedule', message))
    return { writes: [] }
  }
  const next = schedule.next(now)
  const againInMs = next && next.getTime() - now.getTime() + slackMs
  const due = schedule.lastBetween(earliestTime(cronJob, now), now)
  if (!due) return { writes: [], againInMs }
  if (due.count > 100)
    remarks.push(
      say(
        cronJob,
        'Warning',
        'TooManyMissedTimes',
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      ),
    )
  return { ...startJob(cronJob, jobs, due.time, remarks), againInMs }
}

/** Since when schedules may have been missed; what is over the deadline is not made up for. */
function earliestTime(cronJob: KubeObject, now: Date): Date {
  const last = Date.parse(textAt(cronJob, ['status', 'lastScheduleTime']) ?? '')
  const since = Number.isNaN(last) ? createdAt(cronJob) : last
  const deadline = numberAt(cronJob, ['spec', 'startingDeadlineSeconds'])
  return new Date(deadline === undefined ? since : Math.max(since, now.getTime() - deadline * 1000))
}

function startJob(
  cronJob: KubeObject,
  jobs: readonly KubeObject[],
  time: Date,
  remarks: Remark[],
): Pick<Start, 'writes' | 'time'> {
  const name = `${cronJob.metadata.name}-${Math.floor(time.getTime() / 60_000)}`
  if (jobs.some(({ metadata }) => metadata.name === name)) return { writes: [], time }
  const active = jobs.filter((job) => !endOf(job))
  const policy = textAt(cronJob, ['spec', 'concurrencyPolicy'])
  if (policy === 'Forbid' && active.length > 0) {
    const why =
      'Not starting job because prior execution is running and concurrency policy is Forbid'
    remarks.push(say(cronJob, 'Normal', 'JobAlreadyActive', why))
    return { writes: [] }
  }
  const replaced = policy === 'Replace' ? active.map((job) => deleteJob(cronJob, job)) : []
  const create: Write = {
    verb: 'create',
    object: makeJob(cronJob, name, time),
    done: say(cronJob, 'Normal', 'SuccessfulCreate', 'Created job %s'),
    failed: say(cronJob, 'Warning', 'FailedCreate', 'Error creating job: '),
  }
  return { writes: [...replaced, create], time }
}

function makeJob(cronJob: KubeObject, name: string, time: Date): KubeObject {
  const template = valueAt(cronJob, ['spec', 'jobTemplate'])
  const { metadata, spec } = isObject(template) ? template : {}
  const { labels, annotations } = (metadata ?? {}) as ObjectMeta
  const { namespace } = cronJob.metadata
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      annotations: { ...annotations, [scheduledKey]: secondsText(time) },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: isObject(spec) ? spec : {},
  }
}

function deleteJob(about: KubeObject, object: KubeObject): Write {
  const message = `Deleted job ${object.metadata.name}`
  return {
    verb: 'delete',
    object,
    options: { propagationPolicy: 'Background' },
    done: say(about, 'Normal', 'SuccessfulDelete', message),
    failed: say(about, 'Warning', 'FailedDelete', `Deleted job: `),
  }
}

function endOf(job: KubeObject): 'Complete' | 'Failed' | undefined {
  return (['Complete', 'Failed'] as const).find((type) => conditionOf(job, type)?.status === 'True')
}

/** The oldest ended jobs beyond what is to be kept go. */
function planHistory(cronJob: KubeObject, jobs: readonly KubeObject[]): Write[] {
  return (
    [
      ['Complete', 'successfulJobsHistoryLimit', 3],
      ['Failed', 'failedJobsHistoryLimit', 1],
    ] as const
  ).flatMap(([type, field, usual]) => {
    const limit = numberAt(cronJob, ['spec', field]) ?? usual
    const ended = jobs
      .filter((job) => endOf(job) === type && !isTerminating(job))
      .toSorted((a, b) => createdAt(a) - createdAt(b))
    return ended.slice(0, Math.max(0, ended.length - limit)).map((job) => deleteJob(cronJob, job))
  })
}

function nextStatus(
  cronJob: KubeObject,
  jobs: readonly KubeObject[],
  { time }: Start,
  remarks: Remark[],
): JsonObject {
  const { active: _, ...before } = cronJob.status ?? {}
  const ended = jobs.filter(endOf)
  const known = new Set(listAt(cronJob, ['status', 'active']).map(({ uid }) => uid))
  for (const job of ended.filter(({ metadata }) => known.has(metadata.uid)))
    remarks.push(
      say(
        cronJob,
        'Normal',
        'SawCompletedJob',
        `Saw completed job: ${job.metadata.name}, condition: ${endOf(job)}`,
      ),
    )
  const successes = ended.flatMap((job) => textAt(job, ['status', 'completionTime']) ?? [])
  const lastSuccess = [...successes, textAt(cronJob, ['status', 'lastSuccessfulTime']) ?? '']
    .toSorted()
    .at(-1)
  const active = jobs.filter((job) => !endOf(job)).map(referenceTo)
  return {
    ...before,
    ...(active.length > 0 ? { active } : {}),
    ...(time ? { lastScheduleTime: secondsText(time) } : {}),
    ...(lastSuccess ? { lastSuccessfulTime: lastSuccess } : {}),
  }
}

function referenceTo({ metadata }: KubeObject): JsonObject {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata
  return { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion }
}
