import { formatDuration } from '../../../api/print/column.ts'
import { selectorText } from '../../../api/print/cells.ts'
import { listAt, numberAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { KubeObject } from '../../../api/object.ts'
import { amount } from './describe-pod.ts'
import { orUnset, writeActive } from './describe-workload.ts'
import { formatSeconds } from './go-duration.ts'
import { annotations, controlledBy, heading, labels, timeText, truth } from './page.ts'
import type { Page } from './page.ts'
import { writePodTemplate } from './pod-template.ts'

export function describeJob(page: Page, job: KubeObject): void {
  const { spec } = job
  heading(page, job)
  if (spec?.['selector'] !== undefined) page.line(0, 'Selector:', selectorText(spec['selector']))
  labels(page, job)
  annotations(page, job.metadata.annotations)
  controlledBy(page, job)
  if (spec?.['parallelism'] !== undefined) page.line(0, 'Parallelism:', spec['parallelism'])
  page.line(0, 'Completions:', orUnset(spec?.['completions']))
  if (spec?.['completionMode'] !== undefined)
    page.line(0, 'Completion Mode:', spec['completionMode'])
  if (spec?.['suspend'] !== undefined) page.line(0, 'Suspend:', spec['suspend'])
  if (spec?.['backoffLimit'] !== undefined) page.line(0, 'Backoff Limit:', spec['backoffLimit'])
  const ttl = numberAt(spec, ['ttlSecondsAfterFinished'])
  if (ttl !== undefined) page.line(0, 'TTL Seconds After Finished:', ttl)
  writeProgress(page, job)
  writePodTemplate(page, spec?.['template'])
}

function writeProgress(page: Page, { spec, status }: KubeObject): void {
  const started = textAt(status, ['startTime'])
  const completed = textAt(status, ['completionTime'])
  if (started !== undefined) page.line(0, 'Start Time:', timeText(started))
  if (completed !== undefined) page.line(0, 'Completed At:', timeText(completed))
  if (started !== undefined && completed !== undefined)
    page.line(0, 'Duration:', formatDuration((Date.parse(completed) - Date.parse(started)) / 1000))
  const deadline = numberAt(spec, ['activeDeadlineSeconds'])
  if (deadline !== undefined) page.line(0, 'Active Deadline Seconds:', `${deadline}s`)
  const ready = valueAt(status, ['ready'])
  const active = `${amount(status, 'active')} Active${ready === undefined ? '' : ` (${plainText(ready)} Ready)`}`
  page.line(
    0,
    'Pods Statuses:',
    `${active} / ${amount(status, 'succeeded')} Succeeded / ${amount(status, 'failed')} Failed`,
  )
  if (textAt(spec, ['completionMode']) === 'Indexed')
    page.line(0, 'Completed Indexes:', textAt(status, ['completedIndexes']) || '<none>')
}

export function describeCronJob(page: Page, cron: KubeObject): void {
  const { spec, status } = cron
  const job = valueAt(spec, ['jobTemplate', 'spec'])
  heading(page, cron)
  labels(page, cron)
  annotations(page, cron.metadata.annotations)
  page.line(0, 'Schedule:', spec?.['schedule'])
  if (spec?.['timeZone'] !== undefined) page.line(0, 'Time Zone:', spec['timeZone'])
  page.line(0, 'Concurrency Policy:', spec?.['concurrencyPolicy'])
  page.line(0, 'Suspend:', truth(spec?.['suspend']))
  page.line(0, 'Successful Job History Limit:', orUnset(spec?.['successfulJobsHistoryLimit']))
  page.line(0, 'Failed Job History Limit:', orUnset(spec?.['failedJobsHistoryLimit']))
  const deadline = numberAt(spec, ['startingDeadlineSeconds'])
  page.line(
    0,
    'Starting Deadline Seconds:',
    orUnset(deadline === undefined ? undefined : `${deadline}s`),
  )
  const selector = valueAt(job, ['selector'])
  page.line(0, 'Selector:', selector === undefined ? orUnset(undefined) : selectorText(selector))
  page.line(0, 'Parallelism:', orUnset(valueAt(job, ['parallelism'])))
  page.line(0, 'Completions:', orUnset(valueAt(job, ['completions'])))
  const limit = numberAt(job, ['activeDeadlineSeconds'])
  if (limit !== undefined) page.line(0, 'Active Deadline Seconds:', formatSeconds(limit))
  writePodTemplate(page, valueAt(job, ['template']))
  page.line(0, 'Last Schedule Time:', timeText(status?.['lastScheduleTime']))
  writeActive(page, listAt(status, ['active']))
}
