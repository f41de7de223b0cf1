import type { Json, JsonObject, KubeObject } from '../../api/object.ts'

/** What of a Job's specification its controller reads; the server filled in the defaults. */
export interface JobSpec {
  readonly parallelism?: number
  readonly completions?: number
  readonly completionMode?: 'NonIndexed' | 'Indexed'
  readonly backoffLimit?: number
  readonly backoffLimitPerIndex?: number
  readonly maxFailedIndexes?: number
  readonly activeDeadlineSeconds?: number
  readonly suspend?: boolean
  readonly podReplacementPolicy?: 'TerminatingOrFailed' | 'Failed'
  readonly podFailurePolicy?: { readonly rules?: readonly FailureRule[] }
  readonly successPolicy?: { readonly rules?: readonly SuccessRule[] }
  readonly selector?: Json
  readonly template?: { readonly spec?: { readonly restartPolicy?: string } }
}

export interface FailureRule {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'
  readonly onExitCodes?: {
    readonly containerName?: string
    readonly operator: 'In' | 'NotIn'
    readonly values: readonly number[]
  }
  readonly onPodConditions?: readonly { readonly type: string; readonly status?: string }[]
}

export interface SuccessRule {
  readonly succeededIndexes?: string
  readonly succeededCount?: number
}

export interface JobStatus extends JsonObject {
  active?: number
  ready?: number
  terminating?: number
  succeeded?: number
  failed?: number
  completedIndexes?: string
  failedIndexes?: string
  startTime?: string
  completionTime?: string
  conditions?: JsonObject[]
  uncountedTerminatedPods?: { succeeded?: string[]; failed?: string[] }
}

export function specOfJob(job: KubeObject): JobSpec {
  return job.spec ?? {}
}

export function statusOfJob(job: KubeObject): JobStatus {
  return job.status ?? {}
}

export function isIndexed(job: KubeObject): boolean {
  return specOfJob(job).completionMode === 'Indexed'
}
