import { listAt, numberAt, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'

// What agents say of their node and its pods, as objects of metrics.k8s.io. Pure.

const apiVersion = 'metrics.k8s.io/v1beta1'
/** Over how long agents measure. */
const window = '10s'

function usage(subject: unknown): JsonObject {
  const cpu = Math.round(numberAt(subject, ['cpu', 'usageNanoCores']) ?? 0)
  const memory = numberAt(subject, ['memory', 'workingSetBytes']) ?? 0
  return { cpu: `${cpu}n`, memory: `${Math.round(memory / 1024)}Ki` }
}

const timeOf = (subject: unknown): string =>
  `${(textAt(subject, ['cpu', 'time']) ?? new Date().toISOString()).slice(0, 19)}Z`

/** @param summary `/stats/summary` of the agent */
export function nodeMetrics({ metadata }: KubeObject, summary: JsonObject): KubeObject {
  const { name = '', labels, creationTimestamp } = metadata
  return {
    apiVersion,
    kind: 'NodeMetrics',
    metadata: {
      name,
      ...(labels ? { labels } : {}),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    timestamp: timeOf(summary['node']),
    window,
    usage: usage(summary['node']),
  }
}

/** @param find the pod of that name, whose labels are shown */
export function podMetrics(
  summary: JsonObject,
  find: (namespace: string, name: string) => KubeObject | undefined,
): KubeObject[] {
  return listAt(summary, ['pods']).flatMap((entry) => {
    const name = textAt(entry, ['podRef', 'name']) ?? ''
    const namespace = textAt(entry, ['podRef', 'namespace']) ?? ''
    const pod = find(namespace, name)
    const containers = listAt(entry, ['containers'])
    if (!pod || containers.length === 0) return []
    const { labels, creationTimestamp } = pod.metadata
    return [
      {
        apiVersion,
        kind: 'PodMetrics',
        metadata: {
          name,
          namespace,
          ...(labels ? { labels } : {}),
          ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
        },
        timestamp: timeOf(containers[0]),
        window,
        containers: containers.map((one) => ({
          name: textAt(one, ['name']) ?? '',
          usage: usage(one),
        })),
      },
    ]
  })
}
