import { listAt, numberAt, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { conditionOf } from '../objects/pod-facts.ts'
import { keyOf } from '../objects/ownership.ts'
import type { FailureRule, JobSpec } from './job-spec.ts'

export interface FailureVerdict {
  readonly action: FailureRule['action']
  /** Why the job fails, for `FailJob`. */
  readonly message: string
}

/** What a pod's failure means by the first rule that it matches; without one it counts. */
export function judgeFailure({ podFailurePolicy }: JobSpec, pod: KubeObject): FailureVerdict {
  for (const [index, rule] of (podFailurePolicy?.rules ?? []).entries()) {
    const why = matchRule(rule, pod)
    if (why !== undefined)
      return {
        action: rule.action,
        message: `${why} matching ${rule.action} rule at index ${index}`,
      }
  }
  return { action: 'Count', message: '' }
}

function matchRule(
  { onExitCodes, onPodConditions }: FailureRule,
  pod: KubeObject,
): string | undefined {
  if (onExitCodes) {
    const match = failedContainers(pod).find((status) => matchesCode(status, onExitCodes))
    return (
      match &&
      `Container ${textAt(match, ['name'])} for pod ${keyOf(pod)} failed with exit code ${exitCode(match)}`
    )
  }
  const condition = onPodConditions?.find(
    ({ type, status = 'True' }) => conditionOf(pod, type)?.status === status,
  )
  return condition && `Pod ${keyOf(pod)} has condition ${condition.type}`
}

function failedContainers(pod: KubeObject): JsonObject[] {
  return ['containerStatuses', 'initContainerStatuses']
    .flatMap((list) => listAt(pod, ['status', list]))
    .filter((status) => (exitCode(status) ?? 0) !== 0)
}

function exitCode(status: JsonObject): number | undefined {
  return numberAt(status, ['state', 'terminated', 'exitCode'])
}

function matchesCode(
  status: JsonObject,
  { containerName, operator, values }: NonNullable<FailureRule['onExitCodes']>,
): boolean {
  if (containerName && textAt(status, ['name']) !== containerName) return false
  return values.includes(exitCode(status) ?? 0) === (operator === 'In')
}
