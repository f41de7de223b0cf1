import { isObject, listAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'

/** An object on its way through a kustomization. */
export interface Resource {
  object: KubeObject
  /** Every name that it has had, the first one first: patches and references may use any of them. */
  readonly names: string[]
  /** It was generated: in the end its name tells its content. */
  hasHash: boolean
}

const templated = new Set([
  'DaemonSet',
  'Deployment',
  'Job',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
])

export const nameOf = ({ object }: Resource): string => object.metadata.name ?? ''

export function groupOf({ apiVersion }: KubeObject): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

/** The pod template of a workload. */
export function templateOf(object: KubeObject): JsonObject | undefined {
  const path =
    object.kind === 'CronJob'
      ? ['spec', 'jobTemplate', 'spec', 'template']
      : templated.has(object.kind)
        ? ['spec', 'template']
        : undefined
  const found = path && valueAt(object, path)
  return isObject(found) ? found : undefined
}

export function podSpecOf(object: KubeObject): JsonObject | undefined {
  const spec = object.kind === 'Pod' ? object.spec : templateOf(object)?.['spec']
  return isObject(spec) ? spec : undefined
}

export function containersOf(pod: JsonObject): JsonObject[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) =>
    listAt(pod, [field]),
  )
}

/** The object at a path, made where it is missing. */
export function objectAt(object: JsonObject, path: readonly string[]): JsonObject {
  let at = object
  for (const name of path) {
    const next = at[name]
    at = isObject(next) ? next : (at[name] = {})
  }
  return at
}
