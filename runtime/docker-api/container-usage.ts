import { cpus } from 'node:os'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { readContainerUsage } from '../container/container-usage.ts'
import { readState } from '../container/read-state.ts'
import type { ContainerRecord } from '../container/record.ts'
import { type Answer, type ApiCall, type Route, ok } from './api-call.ts'
import { containerOf } from './container-life.ts'

export const containerUsageRoutes: readonly Route[] = [['GET', '/containers/*/stats', stats]]

const periodMs = 1000

type Section = Record<string, unknown>

async function stats(call: ApiCall): Promise<Answer> {
  const { record } = await containerOf(call)
  const { query, signal } = call
  const isOnce = ['0', 'false', 'False'].includes(query.get('stream') ?? '1')
  if (isOnce) {
    const first = sample(call, record, {})
    if (query.get('one-shot') === null || first['cpu_stats'] === undefined) await pause(signal)
    return ok(sample(call, record, first))
  }
  const samples = async function* (): AsyncGenerator<string> {
    let last: Section = {}
    while (!signal.aborted) {
      last = sample(call, record, last)
      yield `${JSON.stringify(last)}\n`
      await pause(signal)
    }
  }
  return { stream: samples(), type: 'application/json' }
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(periodMs, undefined, { signal }).catch(() => undefined)
}

/** What a container uses in docker's shape; rates are made of two of them. */
function sample({ context }: ApiCall, record: ContainerRecord, before: Section): Section {
  const head = {
    name: `/${record.name}`,
    id: record.id,
    read: new Date().toISOString(),
    preread: before['read'] ?? '0001-01-01T00:00:00Z',
    num_procs: 0,
    storage_stats: {},
    precpu_stats: before['cpu_stats'] ?? emptyCpu,
  }
  const isRunning = readState(context.folders, record).pid !== 0
  const usage = isRunning ? readContainerUsage(context, record) : undefined
  if (!usage)
    return { ...head, pids_stats: {}, blkio_stats: {}, cpu_stats: emptyCpu, memory_stats: {} }
  const { cpu, memory, pids, io } = usage.stats
  return {
    ...head,
    pids_stats: {
      current: pids.current,
      ...(pids.limit === undefined ? {} : { limit: pids.limit }),
    },
    blkio_stats: {
      io_service_bytes_recursive: operations(io.readBytes, io.writeBytes),
      io_serviced_recursive: operations(io.readOps, io.writeOps),
    },
    cpu_stats: {
      cpu_usage: {
        total_usage: cpu.usageNs,
        usage_in_kernelmode: cpu.systemNs,
        usage_in_usermode: cpu.userNs,
        ...(cpu.perCpuNs ? { percpu_usage: cpu.perCpuNs } : {}),
      },
      system_cpu_usage: systemCpuNs(),
      online_cpus: cpus().length,
      throttling_data: {
        periods: 0,
        throttled_periods: cpu.throttledPeriods,
        throttled_time: cpu.throttledNs,
      },
    },
    memory_stats: {
      usage: memory.usageBytes,
      ...(memory.maxBytes === undefined ? {} : { max_usage: memory.maxBytes }),
      limit: usage.memoryLimitBytes,
      // The page cache is left out already.
      stats: {},
    },
    networks: Object.fromEntries(
      usage.interfaces.map((each) => [
        each.name,
        {
          rx_bytes: each.receivedBytes,
          rx_packets: 0,
          rx_errors: each.receiveErrors,
          rx_dropped: 0,
          tx_bytes: each.sentBytes,
          tx_packets: 0,
          tx_errors: each.sendErrors,
          tx_dropped: 0,
        },
      ]),
    ),
  }
}

const emptyCpu = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
}

function operations(read: number, written: number): Section[] {
  return [
    { major: 0, minor: 0, op: 'Read', value: read },
    { major: 0, minor: 0, op: 'Write', value: written },
  ]
}

/** CPU time of the whole machine, proc_stat(5): hundredths of a second in user, nice, system, idle, … */
function systemCpuNs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1)
  const ticks = line.trim().split(/\s+/).slice(1, 8).map(Number)
  return ticks.reduce((sum, value) => sum + value, 0) * 1e7
}
