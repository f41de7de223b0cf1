import { availableParallelism, totalmem } from 'node:os'
import type { NetworkUsage, NodeUsage } from './served-pods.ts'

// The kubelet's `/metrics/cadvisor`, as far as dashboards ask for it.

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | undefined
}

/** In Prometheus' text format. @see https://github.com/google/cadvisor/blob/v0.52.0/docs/storage/prometheus.md */
export function cadvisorMetrics(usage: NodeUsage): string {
  const containers = usage.pods.flatMap(({ namespace, name: pod, containers: list }) =>
    list.map((of) => ({ of, labels: { container: of.name, namespace, pod } })),
  )
  const perContainer = (value: (of: (typeof containers)[number]['of']) => number | undefined) =>
    containers.map(({ of, labels }): Sample => ({ labels, value: value(of) }))
  const perInterface = (value: (of: NetworkUsage) => number) =>
    usage.pods.flatMap(({ namespace, name: pod, interfaces }) =>
      interfaces.map((of): Sample => ({
        labels: { interface: of.name, namespace, pod },
        value: value(of),
      })),
    )
  const lines = [
    ...family('machine_cpu_cores', 'gauge', [{ labels: {}, value: availableParallelism() }]),
    ...family('machine_memory_bytes', 'gauge', [{ labels: {}, value: totalmem() }]),
    ...family(
      'container_cpu_usage_seconds_total',
      'counter',
      perContainer((of) => of.cpuNanoseconds / 1e9),
    ),
    ...family(
      'container_memory_working_set_bytes',
      'gauge',
      perContainer((of) => of.workingSetBytes),
    ),
    ...family(
      'container_memory_usage_bytes',
      'gauge',
      perContainer((of) => of.memoryBytes ?? of.workingSetBytes),
    ),
    ...family(
      'container_start_time_seconds',
      'gauge',
      perContainer((of) => of.startedAt / 1000),
    ),
    ...family(
      'container_network_receive_bytes_total',
      'counter',
      perInterface((of) => of.receivedBytes),
    ),
    ...family(
      'container_network_transmit_bytes_total',
      'counter',
      perInterface((of) => of.sentBytes),
    ),
  ]
  return `${lines.join('\n')}\n`
}

function family(name: string, type: 'counter' | 'gauge', samples: readonly Sample[]): string[] {
  return [
    `# TYPE ${name} ${type}`,
    ...samples.flatMap(({ labels, value }) => {
      if (value === undefined) return []
      const words = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
      return [`${name}${words.length === 0 ? '' : `{${words.join(',')}}`} ${value}`]
    }),
  ]
}
