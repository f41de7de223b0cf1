import { listAt, numberAt, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { parseQuantity } from '../../api/quantity.ts'
import { readMeasures } from './pod-groups.ts'
import { countReplicas } from './replica-count.ts'
import type { Count, MetricTarget } from './replica-count.ts'

// All metrics of an autoscaler: what each asks for, and which wins. Pure.

export interface MetricsView {
  readonly spec: unknown
  readonly pods: readonly KubeObject[]
  /** PodMetrics of the pods, or why there are none. */
  readonly metrics: readonly KubeObject[] | string
  readonly currentReplicas: number
  readonly now: number
}

export interface MetricsAnswer {
  /** The greatest wish; absent: nothing is known, or too little to shrink. */
  readonly replicas?: number
  /** The metric whose wish it is, in upstream's words. */
  readonly name: string
  /** `status.currentMetrics`. */
  readonly current: readonly JsonObject[]
  readonly problem?: { readonly reason: string; readonly message: string }
}

interface Wish {
  readonly replicas: number
  readonly name: string
  readonly current: JsonObject
}
interface Problem {
  readonly reason: string
  readonly message: string
}

export function askMetrics(view: MetricsView): MetricsAnswer {
  const specs = listAt(view.spec, ['metrics'])
  const answers = specs.map((metric) => askMetric(metric, view))
  const problems = answers.filter((answer) => 'reason' in answer)
  const wishes = answers.filter((answer) => 'current' in answer)
  const current = wishes.map((wish) => wish.current)
  const best = wishes.reduce<Wish | undefined>(
    (most, wish) => (!most || wish.replicas > most.replicas ? wish : most),
    undefined,
  )
  const [first] = problems
  const problem = first && {
    reason: first.reason,
    message: `invalid metrics (${problems.length} invalid out of ${specs.length}), first error is: ${first.message}`,
  }
  // Who knows only a part does not shrink by it.
  const isUsable = best && (!problem || best.replicas >= view.currentReplicas)
  return {
    name: best?.name ?? '',
    current,
    ...(isUsable ? { replicas: best.replicas } : {}),
    ...(problem ? { problem } : {}),
  }
}

function askMetric(metric: JsonObject, view: MetricsView): Wish | Problem {
  const type = textAt(metric, ['type']) ?? ''
  if (type === 'Resource') return askResource(metric, 'resource', view)
  if (type === 'ContainerResource') return askResource(metric, 'containerResource', view)
  if (type === 'Pods' || type === 'Object' || type === 'External')
    return {
      reason: `FailedGet${type}Metric`,
      message: `unable to get ${type.toLowerCase()} metric: this cluster serves no API of such metrics`,
    }
  return {
    reason: 'InvalidMetricSourceType',
    message: `unknown metric source type ${JSON.stringify(type)}`,
  }
}

function askResource(
  metric: JsonObject,
  field: 'resource' | 'containerResource',
  { pods, metrics, currentReplicas, now }: MetricsView,
): Wish | Problem {
  const resource = textAt(metric, [field, 'name']) ?? ''
  const container = textAt(metric, [field, 'container'])
  const target = readTarget(valueAt(metric, [field, 'target']))
  const word = field === 'resource' ? 'resource' : 'container resource'
  const reason =
    field === 'resource' ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric'
  const measured = target?.type === 'Utilization' ? 'utilization' : 'usage'
  const fail = (why: string) => ({
    reason,
    message: `failed to get ${resource} ${word} metric value: failed to get ${resource} ${measured}: ${why}`,
  })
  if (!target) return fail('neither a value nor a utilization is given as target')
  if (typeof metrics === 'string')
    return fail(`unable to get metrics for resource ${resource}: ${metrics}`)
  const measures = readMeasures(metrics, resource, container)
  const count = countReplicas({ pods, measures, resource, container, currentReplicas, target, now })
  if (typeof count === 'string') return fail(count)
  const name = `${resource} ${word}${target.type === 'Utilization' ? ' utilization (percentage of request)' : ''}`
  return {
    replicas: count.replicas,
    name,
    current: shown(metric, field, resource, container, count),
  }
}

function shown(
  { type }: JsonObject,
  field: string,
  name: string,
  container: string | undefined,
  { utilization, average }: Count,
): JsonObject {
  const current = {
    ...(utilization === undefined ? {} : { averageUtilization: utilization }),
    averageValue: formatThousandths(average),
  }
  const source = { name, ...(container === undefined ? {} : { container }), current }
  return { ...(type === undefined ? {} : { type }), [field]: source }
}

function formatThousandths(amount: number): string {
  return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`
}

function readTarget(target: unknown): MetricTarget | undefined {
  const amount = parseQuantity(valueAt(target, ['averageValue']))
  if (amount) return { type: 'AverageValue', amount: amount * 1000 }
  const percent = numberAt(target, ['averageUtilization'])
  return percent ? { type: 'Utilization', percent } : undefined
}
