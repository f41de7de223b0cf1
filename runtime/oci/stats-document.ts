import type { CgroupLocation } from '../cgroup/cgroup-plan.ts'
import { readStats } from '../cgroup/read-stats.ts'

/** Usage of a container in the form of runc's `events --stats`. Times in nanoseconds, sizes in bytes. */
export function statsDocument(location: CgroupLocation): Readonly<Record<string, unknown>> {
  const { cpu, memory, pids, io } = readStats(location)
  const usage = {
    limit: memory.limitBytes ?? 2 ** 63,
    usage: memory.usageBytes,
    ...(memory.maxBytes === undefined ? {} : { max: memory.maxBytes }),
    failcnt: 0,
  }
  const transfers = (key: 'Bytes' | 'Ops'): object[] =>
    (['read', 'write'] as const).map((op) => ({
      major: 0,
      minor: 0,
      op: op === 'read' ? 'Read' : 'Write',
      value: io[`${op}${key}`],
    }))
  return {
    cpu: {
      usage: {
        total: cpu.usageNs,
        ...(cpu.perCpuNs ? { percpu: cpu.perCpuNs } : {}),
        kernel: cpu.systemNs,
        user: cpu.userNs,
      },
      throttling: { throttledPeriods: cpu.throttledPeriods, throttledTime: cpu.throttledNs },
    },
    cpuset: {},
    memory: {
      usage,
      swap: { usage: memory.swapBytes ?? 0, failcnt: 0 },
      kernel: { failcnt: 0 },
      kernelTCP: { failcnt: 0 },
    },
    pids: { current: pids.current, limit: pids.limit ?? 0 },
    blkio: {
      ioServiceBytesRecursive: transfers('Bytes'),
      ioServicedRecursive: transfers('Ops'),
    },
    hugetlb: {},
    intel_rdt: {},
    network_interfaces: null,
  }
}
