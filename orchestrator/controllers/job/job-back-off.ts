import type { KubeObject } from '../../api/object.ts'
import { podPhase } from '../objects/pod-facts.ts'
import { endedAt, isFailedPod } from './job-pods.ts'

const firstMs = 10_000
const mostMs = 600_000

/**
 * Milliseconds until a new pod may take the place of failed ones: 10 s after the first failure, twice as long after each
 * further one without a success between them.
 * @param pods all of the job, or all of one index
 */
export function backOffMs(job: KubeObject, pods: readonly KubeObject[], now: Date): number {
  const successes = pods.filter((pod) => podPhase(pod) === 'Succeeded').map(endedAt)
  const since = Math.max(0, ...successes)
  const failures = pods.filter((pod) => isFailedPod(job, pod)).map(endedAt)
  const recent = failures.filter((time) => time > since)
  if (recent.length === 0) return 0
  const wait = Math.min(mostMs, firstMs * 2 ** (recent.length - 1))
  return Math.max(0, Math.max(...recent) + wait - now.getTime())
}
