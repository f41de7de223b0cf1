import { isObject, listAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { podFromTemplate } from '../objects/pod-from-template.ts'
import { indexFailuresKey, indexKey, trackingFinalizer } from './job-pods.ts'
import { specOfJob } from './job-spec.ts'

const indexVariable = 'JOB_COMPLETION_INDEX'
const longestHostname = 63

/** A pod of the job. @param index of an indexed one @param failures of pods of the index before */
export function makeJobPod(
  job: KubeObject,
  index: number | undefined,
  failures: number,
): KubeObject {
  const pod = podFromTemplate(job, valueAt(job, ['spec', 'template']))
  pod.metadata.finalizers = [...(pod.metadata.finalizers ?? []), trackingFinalizer]
  if (index === undefined) return pod
  const name = job.metadata.name ?? ''
  const perIndex = specOfJob(job).backoffLimitPerIndex !== undefined
  pod.metadata.generateName = `${name}-${index}-`
  pod.metadata.labels = { ...pod.metadata.labels, [indexKey]: `${index}` }
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [indexKey]: `${index}`,
    ...(perIndex ? { [indexFailuresKey]: `${failures}` } : {}),
  }
  const hostname = `${name}-${index}`
  if (hostname.length <= longestHostname) pod.spec['hostname'] ??= hostname
  for (const list of ['initContainers', 'containers'])
    if (Array.isArray(pod.spec[list]))
      pod.spec[list] = listAt(pod.spec, [list]).map(withIndexVariable)
  return pod
}

function withIndexVariable(container: JsonObject): JsonObject {
  const env = Array.isArray(container['env']) ? container['env'].filter(isObject) : []
  if (env.some(({ name }) => name === indexVariable)) return container
  const valueFrom = { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${indexKey}']` } }
  return { ...container, env: [...env, { name: indexVariable, valueFrom }] }
}
