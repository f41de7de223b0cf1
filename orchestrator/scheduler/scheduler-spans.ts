import type { RecordSpan } from '../trace/span.ts'
import type { PodInfo } from './pod-info.ts'

export interface SchedulerSpans {
  /** @param startedAt milliseconds since 1970, with fractions; the span ends now */
  record(
    pod: PodInfo,
    action: string,
    startedAt: number,
    detail?: Readonly<Record<string, string>>,
  ): void
}

export function makeSchedulerSpans(record: RecordSpan, schedulerName: string): SchedulerSpans {
  const part = schedulerName === 'default-scheduler' ? 'scheduler' : `scheduler/${schedulerName}`
  return {
    record: ({ namespace, name, uid }, action, startedAt, detail) =>
      record({
        part,
        action,
        object: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
        startedAt,
        milliseconds: preciseNow() - startedAt,
        ...(detail ? { detail } : {}),
      }),
  }
}

/** Milliseconds since 1970, with fractions. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now()
}
