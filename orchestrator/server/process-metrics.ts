import { readdirSync, readFileSync } from 'node:fs'
import type { Registry } from 'prom-client'

// Numbers about this process, under the names that dashboards know. All are read when somebody asks: the usual
// collection of prom-client keeps a clock that wakes an idle process a hundred times a second to measure its delay.

interface Reading {
  readonly name: string
  readonly help: string
  readonly read: () => number | undefined
}

const readings: readonly Reading[] = [
  {
    name: 'process_cpu_seconds_total',
    help: 'Processor time since the start.',
    read: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    },
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Memory that is resident.',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'process_virtual_memory_bytes',
    help: 'Size of the address space.',
    read: () => {
      const [, size] = /^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
      return size === undefined ? undefined : Number(size) * 1024
    },
  },
  {
    name: 'process_start_time_seconds',
    help: 'When it was started, seconds since 1970.',
    read: () => Math.round(performance.timeOrigin / 1000),
  },
  {
    name: 'process_open_fds',
    help: 'Open files.',
    // One of them is that of the folder itself.
    read: () => readdirSync('/proc/self/fd').length - 1,
  },
  {
    name: 'process_max_fds',
    help: 'How many files may be open.',
    read: () => {
      const limits = readFileSync('/proc/self/limits', 'latin1')
      const [, most] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
      return most === undefined ? undefined : Number(most)
    },
  },
  {
    name: 'nodejs_heap_size_total_bytes',
    help: 'Memory taken for objects of JavaScript.',
    read: () => process.memoryUsage().heapTotal,
  },
  {
    name: 'nodejs_heap_size_used_bytes',
    help: 'What of it is in use.',
    read: () => process.memoryUsage().heapUsed,
  },
  {
    name: 'nodejs_eventloop_utilization',
    help: 'Part of the time since the start in which the event loop was busy.',
    read: () => performance.eventLoopUtilization().utilization,
  },
]

/** Let `registry` tell of this process, as it is when it is asked. */
export async function addProcessMetrics(registry: Registry): Promise<void> {
  const { Gauge } = await import('prom-client')
  for (const { name, help, read } of readings) {
    const gauge = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        const value = read()
        if (value !== undefined) this.set(value)
      },
    })
    registry.registerMetric(gauge)
  }
}
