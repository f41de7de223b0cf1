import type { JsonObject } from '../../api/object.ts'
import type { FileSystemUsage, NetworkUsage, NodeUsage, PodUsage, Usage } from './served-pods.ts'

/** The kubelet's `/stats/summary`. @see https://kubernetes.io/docs/reference/config-api/kubelet-stats/ */
export function statsSummary(usage: NodeUsage): JsonObject {
  return {
    node: {
      nodeName: usage.nodeName,
      startTime: time(usage.startedAt),
      ...cpuAndMemory(usage.node),
      network: network(usage.node.time, usage.interfaces),
      fs: fileSystem(usage.node.time, usage.fileSystem),
    },
    pods: usage.pods.map(podSummary),
  }
}

function podSummary(pod: PodUsage): JsonObject {
  const total = podTotal(pod)
  return {
    podRef: { name: pod.name, namespace: pod.namespace, uid: pod.uid },
    startTime: time(pod.startedAt),
    containers: pod.containers.map((container) => ({
      name: container.name,
      startTime: time(container.startedAt),
      ...cpuAndMemory(container),
    })),
    ...(total ? cpuAndMemory(total) : {}),
    ...(total ? { network: network(total.time, pod.interfaces) } : {}),
  }
}

/** The sum over its containers, since a pod has no process of its own; undefined where none runs. */
export function podTotal({ containers }: PodUsage): Usage | undefined {
  const [first] = containers
  if (!first) return undefined
  const sum = (of: (usage: Usage) => number | undefined): number =>
    containers.reduce((total, container) => total + (of(container) ?? 0), 0)
  return {
    time: Math.min(...containers.map((container) => container.time)),
    cpuNanoseconds: sum((it) => it.cpuNanoseconds),
    cpuNanoCores: sum((it) => it.cpuNanoCores),
    workingSetBytes: sum((it) => it.workingSetBytes),
    memoryBytes: sum((it) => it.memoryBytes ?? it.workingSetBytes),
    swapBytes: sum((it) => it.swapBytes),
  }
}

function cpuAndMemory(usage: Usage): JsonObject {
  const at = time(usage.time)
  return {
    cpu: {
      time: at,
      usageNanoCores: rounded(usage.cpuNanoCores),
      usageCoreNanoSeconds: Math.round(usage.cpuNanoseconds),
    },
    memory: {
      time: at,
      availableBytes: rounded(usage.availableBytes),
      usageBytes: rounded(usage.memoryBytes),
      workingSetBytes: Math.round(usage.workingSetBytes),
    },
    ...(usage.swapBytes === undefined
      ? {}
      : { swap: { time: at, swapUsageBytes: Math.round(usage.swapBytes) } }),
  }
}

function network(at: number, interfaces: readonly NetworkUsage[]): JsonObject {
  const all = interfaces.map((it) => ({
    name: it.name,
    rxBytes: it.receivedBytes,
    rxErrors: it.receiveErrors,
    txBytes: it.sentBytes,
    txErrors: it.sendErrors,
  }))
  return { time: time(at), ...all[0], interfaces: all }
}

function fileSystem(at: number, usage: FileSystemUsage): JsonObject {
  return {
    time: time(at),
    availableBytes: usage.availableBytes,
    capacityBytes: usage.capacityBytes,
    usedBytes: usage.usedBytes,
    inodesFree: usage.inodesFree,
    inodes: usage.inodes,
    inodesUsed: usage.inodes - usage.inodesFree,
  }
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
}

function rounded(number: number | undefined): number | undefined {
  return number === undefined ? undefined : Math.round(number)
}
