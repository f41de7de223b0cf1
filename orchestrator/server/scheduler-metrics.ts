import type { Registry } from 'prom-client'
import type { RunningScheduler, SchedulerOptions } from '../scheduler/start-scheduler.ts'

export interface SchedulerMetrics {
  readonly onAttempt: NonNullable<SchedulerOptions['onAttempt']>
  /** Whose queue is to be told of. */
  readonly follow: (scheduler: RunningScheduler) => void
}

const latencyBuckets = [
  0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1,
]

/** Numbers of the scheduler, under upstream's names. */
export async function makeSchedulerMetrics(registry: Registry): Promise<SchedulerMetrics> {
  const { Counter, Gauge, Histogram } = await import('prom-client')
  const registers = [registry]
  const profile = 'default-scheduler'
  const labelNames = ['result', 'profile']
  const attempts = new Counter({
    name: 'scheduler_schedule_attempts_total',
    help: 'Attempts to give a pod a node.',
    labelNames,
    registers,
  })
  const durations = new Histogram({
    name: 'scheduler_scheduling_attempt_duration_seconds',
    help: 'From taking a pod off the queue to its binding, or to knowing that it has no node.',
    labelNames,
    buckets: latencyBuckets,
    registers,
  })
  const preemptions = new Histogram({
    name: 'scheduler_preemption_victims',
    help: 'Pods ended to make room for one.',
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers,
  })
  let followed: RunningScheduler | undefined
  const pending = new Gauge({
    name: 'scheduler_pending_pods',
    help: 'Pods that wait for a node, by the queue that they are in.',
    labelNames: ['queue'],
    registers: [],
    collect() {
      const { active, backoff, unschedulable, gated } = followed?.countWaiting() ?? {}
      this.set({ queue: 'active' }, active ?? 0)
      this.set({ queue: 'backoff' }, backoff ?? 0)
      this.set({ queue: 'unschedulable' }, unschedulable ?? 0)
      this.set({ queue: 'gated' }, gated ?? 0)
    },
  })
  registry.registerMetric(pending)
  return {
    onAttempt: ({ result, seconds, victims }) => {
      attempts.inc({ result, profile })
      durations.observe({ result, profile }, seconds)
      if (victims > 0) preemptions.observe(victims)
    },
    follow: (scheduler) => {
      followed = scheduler
    },
  }
}
