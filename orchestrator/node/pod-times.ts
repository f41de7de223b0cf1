import type { KubeObject } from '../api/object.ts'
import { numberAt } from '../api/object.ts'

const usualGrace = 30

/** Seconds that the containers of a pod have to end by themselves. */
export function graceOf(pod: KubeObject): number {
  return pod.metadata.deletionGracePeriodSeconds ?? specGrace(pod)
}

/** The same, for a container that is stopped while its pod goes on. */
export function specGrace(pod: KubeObject): number {
  return numberAt(pod, ['spec', 'terminationGracePeriodSeconds']) ?? usualGrace
}

/** When a pod has run for long enough, milliseconds since 1970. */
export function deadlineOf(pod: KubeObject, startTime: string): number | undefined {
  const seconds = numberAt(pod, ['spec', 'activeDeadlineSeconds'])
  return seconds === undefined ? undefined : Date.parse(startTime) + seconds * 1000
}

/** RFC 3339 without fractions, as the API has its times. */
export function apiNow(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`
}
