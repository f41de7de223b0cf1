import { totalmem } from 'node:os'
import { readContainerUsage } from '../../../runtime/container/container-usage.ts'
import type { EngineContext } from '../../../runtime/container/engine-context.ts'
import { readRecord } from '../../../runtime/container/record-store.ts'
import { makeCpuRates } from './cpu-rate.ts'
import type { CpuRates } from './cpu-rate.ts'
import { machineStart, readFileSystemUsage, readMachineUsage } from './node-usage.ts'
import type { ContainerUsage, NodeUsage, PodUsage } from './served-pods.ts'

/** A container that runs, as the agent knows it. */
export interface MeasuredContainer {
  readonly id: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

export interface MeasuredPod extends Pick<PodUsage, 'name' | 'namespace' | 'uid' | 'startedAt'> {
  readonly hostNetwork: boolean
  readonly containers: readonly MeasuredContainer[]
}

export interface UsageReaderOptions {
  readonly context: Pick<EngineContext, 'folders'>
  readonly nodeName: string
  /** Whose file system counts as the node's. */
  readonly folder: string
  readonly pods: () => readonly MeasuredPod[]
}

/** @returns reads everything when it is called; between two calls rates are made */
export function makeUsageReader(options: UsageReaderOptions): () => NodeUsage {
  const rates = makeCpuRates()
  return () => {
    const pods = options.pods()
    const ids = pods.flatMap(({ containers }) => containers.map(({ id }) => id))
    rates.keep(new Set(['machine', ...ids]))
    return {
      nodeName: options.nodeName,
      startedAt: machineStart(),
      node: readMachineUsage(rates),
      interfaces: [],
      fileSystem: readFileSystemUsage(options.folder),
      pods: pods.map((pod) => podUsage(options.context, pod, rates)),
    }
  }
}

function podUsage(
  context: UsageReaderOptions['context'],
  pod: MeasuredPod,
  rates: CpuRates,
): PodUsage {
  const read = pod.containers.flatMap((container) => {
    const record = readRecord(context.folders, container.id)
    const usage = record && readContainerUsage(context, record)
    return usage ? [{ container, usage }] : []
  })
  const now = { time: Date.now(), clock: performance.now() }
  return {
    name: pod.name,
    namespace: pod.namespace,
    uid: pod.uid,
    startedAt: pod.startedAt,
    containers: read.map(({ container, usage: { stats, memoryLimitBytes } }): ContainerUsage => {
      const { id, name, startedAt } = container
      const begun = now.clock - (now.time - startedAt)
      const { usageNs } = stats.cpu
      const { usageBytes, swapBytes } = stats.memory
      return {
        name,
        startedAt,
        time: now.time,
        cpuNanoseconds: usageNs,
        cpuNanoCores: rates.rate(id, usageNs, now.clock, begun),
        workingSetBytes: usageBytes,
        ...(memoryLimitBytes < totalmem() ? { availableBytes: memoryLimitBytes - usageBytes } : {}),
        ...(swapBytes === undefined ? {} : { swapBytes }),
      }
    }),
    // All containers of a pod see the same ones; on the host's network they are not the pod's.
    interfaces: pod.hostNetwork ? [] : (read[0]?.usage.interfaces ?? []),
  }
}
