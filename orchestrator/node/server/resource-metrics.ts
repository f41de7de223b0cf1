import type { NodeUsage, Usage } from './served-pods.ts'
import { podTotal } from './stats-summary.ts'

interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  /** @returns nothing where it is not known */
  readonly value: (usage: Usage) => number | undefined
}

const cpu = 'cpu_usage_seconds_total'
const memory = 'memory_working_set_bytes'

const families = (subject: string): Family[] => [
  {
    name: `${subject}_${cpu}`,
    help: `Cumulative cpu time consumed by the ${subject} in core-seconds`,
    type: 'counter',
    value: (usage) => usage.cpuNanoseconds / 1e9,
  },
  {
    name: `${subject}_${memory}`,
    help: `Current working set of the ${subject} in bytes`,
    type: 'gauge',
    value: (usage) => usage.workingSetBytes,
  },
  {
    name: `${subject}_swap_usage_bytes`,
    help: `Current amount of the ${subject} swap usage in bytes`,
    type: 'gauge',
    value: (usage) => usage.swapBytes,
  },
]

/**
 * The kubelet's `/metrics/resource`, in Prometheus' text format: what the metrics API is made of.
 *
 * @see https://kubernetes.io/docs/reference/instrumentation/node-metrics/
 */
export function resourceMetrics(usage: NodeUsage): string {
  const containers = usage.pods.flatMap((pod) =>
    pod.containers.map((it) => ({
      usage: it as Usage,
      labels: { container: it.name, namespace: pod.namespace, pod: pod.name },
    })),
  )
  const pods = usage.pods.flatMap((pod) => {
    const total = podTotal(pod)
    return total ? [{ usage: total, labels: { namespace: pod.namespace, pod: pod.name } }] : []
  })
  const lines = [
    ...render('container', containers),
    ...render('node', [{ usage: usage.node, labels: {} }]),
    ...render('pod', pods),
    '# HELP container_start_time_seconds Start time of the container since unix epoch in seconds',
    '# TYPE container_start_time_seconds gauge',
    ...usage.pods.flatMap((pod) =>
      pod.containers.map(
        ({ name, startedAt }) =>
          `container_start_time_seconds${labelText({ container: name, namespace: pod.namespace, pod: pod.name })} ${startedAt / 1000}`,
      ),
    ),
    '# HELP resource_scrape_error 1 if there was an error while getting container metrics, 0 otherwise',
    '# TYPE resource_scrape_error gauge',
    'resource_scrape_error 0',
  ]
  return `${lines.join('\n')}\n`
}

interface Subject {
  readonly usage: Usage
  readonly labels: Readonly<Record<string, string>>
}

function render(subject: string, subjects: readonly Subject[]): string[] {
  return families(subject).flatMap(({ name, help, type, value }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...subjects.flatMap(({ usage, labels }) => {
      const number = value(usage)
      return number === undefined ? [] : [`${name}${labelText(labels)} ${number} ${usage.time}`]
    }),
  ])
}

/** Names of objects have no characters that would have to be escaped. */
function labelText(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return entries.length === 0 ? '' : `{${entries.join(',')}}`
}
