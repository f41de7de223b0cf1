import type { Config } from '../config.ts'
import type { Scheduler } from '../process.ts'
import { isNumberList } from '../number-list.ts'
import type { Report } from '../problem.ts'

const path = 'process.scheduler'

/** sched_setattr(2) answers every bad combination with a bare EINVAL. */
export function checkScheduler({ process }: Config, report: Report): void {
  const scheduler = process?.scheduler
  if (scheduler === undefined) return
  checkNice(scheduler, report)
  checkPriority(scheduler, report)
  checkDeadline(scheduler, report)
}

function checkNice({ nice }: Scheduler, report: Report): void {
  if (nice !== undefined && (nice < -20 || nice > 19)) report(`${path}.nice`, '-20 to 19', nice)
}

function checkPriority({ policy, priority }: Scheduler, report: Report): void {
  const isRealtime = policy === 'SCHED_FIFO' || policy === 'SCHED_RR'
  if (isRealtime && (priority === undefined || priority < 1 || priority > 99))
    report(`${path}.priority`, `1 to 99 with ${policy}`, priority ?? 'nothing')
  if (!isRealtime && priority !== undefined && priority !== 0)
    report(`${path}.priority`, 'no priority but with SCHED_FIFO and SCHED_RR', priority)
}

function checkDeadline({ policy, runtime, deadline, period }: Scheduler, report: Report): void {
  if (policy !== 'SCHED_DEADLINE') {
    for (const [name, value] of Object.entries({ runtime, deadline, period }))
      if (value !== undefined && BigInt(value) !== 0n)
        report(`${path}.${name}`, 'no value but with SCHED_DEADLINE', value)
    return
  }
  if (runtime === undefined || BigInt(runtime) === 0n)
    return report(`${path}.runtime`, 'nanoseconds with SCHED_DEADLINE', runtime ?? 'nothing')
  // Zero means "as the next one": the kernel takes a missing period from the deadline.
  const latest = deadline ?? period ?? 0
  if (runtime > latest) report(`${path}.runtime`, 'at most the deadline', runtime)
  if (period !== undefined && BigInt(period) !== 0n && latest > period)
    report(`${path}.deadline`, 'at most the period', latest)
}

export function checkCpuAffinity({ process }: Config, report: Report): void {
  for (const [name, list] of Object.entries(process?.execCPUAffinity ?? {}))
    if (list !== undefined && !isNumberList(list))
      report(`process.execCPUAffinity.${name}`, 'a CPU list such as 0-3,7', list)
}
