import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { isControlledBy, keyOf, splitKey } from '../objects/ownership.ts'
import { followOwned } from '../owned-objects.ts'
import { planCronJob } from './plan-cron-job.ts'

/** Jobs by the clock. */
export const startCronJobController: StartController = (context) => {
  const { informers } = context
  const cronJobs = informers.of(kinds.cronJob)
  const controller = startKeyController(context, {
    name: 'cronjob-controller',
    kind: kinds.cronJob,
    reads: [kinds.cronJob, kinds.job],
    plan: (key, now) => {
      const cronJob = cronJobs.get(splitKey(key))
      if (!cronJob) return { writes: [] }
      const own = jobs.candidates(cronJob).filter((job) => isControlledBy(job, cronJob))
      return planCronJob({ cronJob, jobs: own, now })
    },
  })
  cronJobs.onChange((cronJob) => controller.add(keyOf(cronJob)))
  const jobs = followOwned(cronJobs, informers.of(kinds.job), 'CronJob', controller.add)
  return controller
}
