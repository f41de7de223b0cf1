import { listAt, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { parseQuantity } from '../../api/quantity.ts'
import { conditionOf, isTerminating, podPhase } from '../objects/pod-facts.ts'

// Which pods a metric is counted for. https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details

/** What a pod used, in thousandths: of cores, of bytes. */
export interface Measure {
  readonly amount: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly windowMs: number
}

/** Pod → what it used. */
export type Measures = ReadonlyMap<string, Measure>

export interface PodGroups {
  /** Measured, and far enough to count. */
  readonly ready: readonly string[]
  readonly unready: readonly string[]
  /** Not measured. */
  readonly missing: readonly string[]
}

/** While a pod starts, what it uses says nothing. */
const cpuStartMs = 5 * 60 * 1000
const firstReadyMs = 30 * 1000

/** @param container absent: the sum of all containers */
export function readMeasures(
  metrics: readonly KubeObject[],
  resource: string,
  container?: string,
): Measures {
  const measures = new Map<string, Measure>()
  for (const object of metrics) {
    const all = listAt(object, ['containers'])
    const chosen = all.filter(({ name }) => container === undefined || name === container)
    const amounts = chosen.map((one) => parseQuantity(valueAt(one, ['usage', resource])))
    if (amounts.length === 0 || amounts.some((amount) => amount === undefined)) continue
    const amount = amounts.reduce<number>((sum, one) => sum + (one ?? 0) * 1000, 0)
    const seconds = parseFloat(textAt(object, ['window']) ?? '') || 30
    measures.set(object.metadata.name ?? '', {
      amount,
      at: Date.parse(textAt(object, ['timestamp']) ?? '') || 0,
      windowMs: seconds * 1000,
    })
  }
  return measures
}

export function groupPods(
  pods: readonly KubeObject[],
  measures: Measures,
  resource: string,
  now: number,
): PodGroups {
  const groups = { ready: [] as string[], unready: [] as string[], missing: [] as string[] }
  for (const pod of pods) {
    const name = pod.metadata.name ?? ''
    if (isTerminating(pod) || podPhase(pod) === 'Failed') continue
    const measure = measures.get(name)
    if (podPhase(pod) === 'Pending') groups.unready.push(name)
    else if (!measure) groups.missing.push(name)
    else if (resource === 'cpu' && isStarting(pod, measure, now)) groups.unready.push(name)
    else groups.ready.push(name)
  }
  return groups
}

function isStarting(pod: KubeObject, { at, windowMs }: Measure, now: number): boolean {
  const ready = conditionOf(pod, 'Ready')
  const started = Date.parse(textAt(pod, ['status', 'startTime']) ?? '')
  if (!ready || Number.isNaN(started)) return true
  const changed = Date.parse(ready.lastTransitionTime ?? '') || 0
  // A measure from before it was ready is one of its start.
  if (started + cpuStartMs > now) return ready.status === 'False' || at < changed + windowMs
  return ready.status === 'False' && started + firstReadyMs > changed
}

/** What each pod asks for, in thousandths. @returns the words of what is missing, where a container asks for nothing */
export function readRequests(
  pods: readonly KubeObject[],
  resource: string,
  container?: string,
): Map<string, number> | string {
  const requests = new Map<string, number>()
  for (const pod of pods) {
    const name = pod.metadata.name ?? ''
    let sum = 0
    for (const one of lasting(pod)) {
      if (container !== undefined && one['name'] !== container) continue
      const amount = parseQuantity(valueAt(one, ['resources', 'requests', resource]))
      if (amount === undefined)
        return `missing request for ${resource} in container ${textAt(one, ['name']) ?? ''} of Pod ${name}`
      sum += amount * 1000
    }
    requests.set(name, sum)
  }
  return requests
}

/** Its containers, and those of its beginning that keep running. */
function lasting(pod: KubeObject): JsonObject[] {
  const sidecars = listAt(pod, ['spec', 'initContainers']).filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  )
  return [...listAt(pod, ['spec', 'containers']), ...sidecars]
}
