import type { Registry } from 'prom-client'
import { listAt, textAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { addProcessMetrics } from '../../server/process-metrics.ts'

// Numbers about the agent, under the kubelet's names.

export interface AgentMetrics {
  /** Where other parts of the process put theirs. */
  readonly registry: Registry
  /** @param seconds from the pod's creation until its containers ran */
  observePodStart(seconds: number): void
  countStartedPod(): void
  countStartedContainer(type: 'container' | 'init_container' | 'ephemeral_container'): void
  /** One look at a pod, and what was done then. */
  observeSync(type: 'sync' | 'terminating', seconds: number): void
  countEviction(signal: string): void
  /** Of a container of a pod that goes on. */
  countRestart(namespace: string, pod: string, container: string): void
  countProbe(type: string, result: 'successful' | 'failed' | 'unknown', pod: KubeObject): void
}

const startBuckets = [0.05, 0.1, 0.2, 0.4, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300]

/** @param pods of this node */
export async function makeAgentMetrics(
  nodeName: string,
  pods: () => readonly KubeObject[],
): Promise<AgentMetrics> {
  const { Counter, Gauge, Histogram, Registry } = await import('prom-client')
  const registry = new Registry()
  const registers = [registry]
  await addProcessMetrics(registry)
  const podStart = new Histogram({
    name: 'kubelet_pod_start_duration_seconds',
    help: 'Time from a pod being seen until it runs.',
    buckets: startBuckets,
    registers,
  })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const syncs = new Histogram({
    name: 'kubelet_pod_worker_duration_seconds',
    help: 'Duration of one look at a pod, and what was done then.',
    labelNames: ['operation_type'],
    buckets: startBuckets,
    registers,
  })
  const startedPods = counter('kubelet_started_pods_total', 'Pods started.')
  const startedContainers = counter('kubelet_started_containers_total', 'Containers started.', [
    'container_type',
  ])
  const restarts = counter('myorch_container_restarts_total', 'Containers started again.', [
    'namespace',
    'pod',
    'container',
  ])
  const probes = counter('prober_probe_total', 'Probes by type and result.', [
    'probe_type',
    'result',
    'namespace',
    'pod',
  ])
  const evictions = counter('kubelet_evictions', 'Pods ended since the node ran short.', [
    'eviction_signal',
  ])
  new Gauge({
    name: 'kubelet_node_name',
    help: 'The name of the node; always 1.',
    labelNames: ['node'],
    registers,
  }).set({ node: nodeName }, 1)
  const runningPods = new Gauge({
    name: 'kubelet_running_pods',
    help: 'Pods that run on this node.',
    registers: [],
    collect() {
      this.set(pods().filter((pod) => textAt(pod, ['status', 'phase']) === 'Running').length)
    },
  })
  const running = new Gauge({
    name: 'kubelet_running_containers',
    help: 'Containers that run on this node.',
    registers: [],
    collect() {
      this.set(pods().reduce((sum, pod) => sum + runningContainers(pod), 0))
    },
  })
  registry.registerMetric(runningPods)
  registry.registerMetric(running)
  return {
    registry,
    observePodStart: (seconds) => podStart.observe(seconds),
    countStartedPod: () => startedPods.inc(),
    countStartedContainer: (type) => startedContainers.inc({ container_type: type }),
    observeSync: (type, seconds) => syncs.observe({ operation_type: type }, seconds),
    countEviction: (signal) => evictions.inc({ eviction_signal: signal }),
    countRestart: (namespace, pod, container) => restarts.inc({ namespace, pod, container }),
    countProbe: (type, result, { metadata }) =>
      probes.inc({
        probe_type: type,
        result,
        namespace: metadata.namespace ?? '',
        pod: metadata.name ?? '',
      }),
  }
}

function runningContainers(pod: KubeObject): number {
  const statuses = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses']
  return statuses
    .flatMap((field) => listAt(pod, ['status', field]))
    .filter((status) => valueAt(status, ['state', 'running']) !== undefined).length
}
