import { OperationError } from '../../../native/error.ts'
import type { CpuResources, Integer } from '../resources.ts'
import type { LimitContext, LimitWrite } from './limit-write.ts'
import { isSet, refuseSetting, requireInteger, v2Source } from './limit-write.ts'

const v2Cpu = `${v2Source}#cpu-interface-files`
const bandwidth = 'https://docs.kernel.org/scheduler/sched-bwc.html'
const realtime = 'https://docs.kernel.org/scheduler/sched-rt-group.html'
const sharesSource = 'https://docs.kernel.org/scheduler/sched-design-CFS.html'

const DEFAULT_PERIOD_US = 100_000
const MIN_SLICE_US = 1_000 // the kernel refuses a quota or a period under 1 ms
const MAX_PERIOD_US = 1_000_000
const MIN_SHARES = 2
const MAX_SHARES = 262_144

/**
 * Files for `linux.resources.cpu` without its CPU set.
 *
 * @throws {OperationError} `INVALID_SPEC` out of range; `UNSUPPORTED` for real-time limits on v2
 */
export function cpuLimits(cpu: CpuResources, { version }: LimitContext): LimitWrite[] {
  if (cpu.idle !== undefined) requireInteger('cpu.idle', cpu.idle, 0, 1)
  if (isSet(cpu.shares)) requireInteger('cpu.shares', cpu.shares, 0, maxSharesInput)
  return version === 'v2' ? v2Limits(cpu) : v1Limits(cpu)
}

// The specification gives shares 64 bits and the kernel clamps them to 2..262144.
const maxSharesInput = 18_446_744_073_709_551_615n

/**
 * `cpu.shares` (v1, 2..262144, default 1024) as `cpu.weight` (v2, 1..10000, default 100).
 *
 * The curve goes through both minima, both defaults and both maxima; the straight line of older
 * runtimes turned the default 1024 into 39 and so starved containers beside ordinary processes.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#cpu
 */
export function sharesToWeight(shares: Integer): number {
  const value = Number(shares)
  if (value <= MIN_SHARES) return 1
  if (value >= MAX_SHARES) return 10_000
  const log = Math.log2(value)
  const weight = 10 ** ((log * log + 125 * log) / 612 - 7 / 34)
  // 10 ** 2.0000000000000004 must not become 101.
  return Math.ceil(weight - 1e-9)
}

/**
 * Bandwidth limit as the line of v2 `cpu.max`.
 *
 * @returns `"<quota µs> <period µs>"`; `"max …"` means no limit
 * @throws {OperationError} `INVALID_SPEC` when quota or period is out of range
 */
function formatCpuMax(cpu: CpuResources): string {
  const period = checkedPeriod(cpu)
  const quota = cpu.quota ?? 0
  if (quota <= 0) return `max ${period}`
  return `${requireInteger('cpu.quota', quota, MIN_SLICE_US)} ${period}`
}

function checkedPeriod(cpu: CpuResources): string {
  const period = isSet(cpu.period) ? cpu.period : DEFAULT_PERIOD_US
  return requireInteger('cpu.period', period, MIN_SLICE_US, MAX_PERIOD_US)
}

function checkedBurst(cpu: CpuResources): string {
  const burst = requireInteger('cpu.burst', cpu.burst ?? 0, 0)
  if (cpu.quota === undefined || cpu.quota <= 0 || BigInt(burst) <= BigInt(cpu.quota)) return burst
  throw new OperationError(
    'INVALID_SPEC',
    'check linux.resources.cpu.burst',
    { burst, quota: cpu.quota },
    { hint: 'The burst may not be larger than the quota' },
  )
}

function v2Limits(cpu: CpuResources): LimitWrite[] {
  if (isSet(cpu.realtimeRuntime) || isSet(cpu.realtimePeriod))
    refuseSetting(
      'cpu.realtimeRuntime',
      'cgroup v2 has no real-time limits',
      'Leave realtimeRuntime and realtimePeriod out, or use a host with cgroup v1',
    )
  const writes: LimitWrite[] = []
  const add = (file: string, value: string, why: string): void => {
    writes.push({ file: `cpu.${file}`, value, why, source: v2Cpu })
  }
  if (cpu.idle !== undefined) add('idle', String(cpu.idle), 'run only when nothing else wants to')
  // An idle group has no weight: the kernel answers a write with EINVAL.
  if (isSet(cpu.shares) && Number(cpu.idle ?? 0) === 0)
    add('weight', String(sharesToWeight(cpu.shares)), `share of busy CPUs (${cpu.shares} shares)`)
  if (isSet(cpu.quota) || isSet(cpu.period))
    add('max', formatCpuMax(cpu), 'CPU time per period, in µs')
  if (cpu.burst !== undefined)
    add('max.burst', checkedBurst(cpu), 'unused CPU time that may be saved up, in µs')
  return writes
}

function v1Limits(cpu: CpuResources): LimitWrite[] {
  const writes: LimitWrite[] = []
  const add = (file: string, value: string, why: string, source: string): void => {
    writes.push({ file: `cpu.${file}`, value, why, source })
  }
  if (cpu.idle !== undefined)
    add('idle', String(cpu.idle), 'run only when nothing else wants to', sharesSource)
  if (isSet(cpu.shares) && Number(cpu.idle ?? 0) === 0)
    add('shares', String(cpu.shares), 'share of busy CPUs', sharesSource)
  // The period first: a quota is checked against the period in force.
  if (isSet(cpu.period)) add('cfs_period_us', checkedPeriod(cpu), 'length of a period', bandwidth)
  if (isSet(cpu.quota)) {
    const quota = cpu.quota < 0 ? '-1' : requireInteger('cpu.quota', cpu.quota, MIN_SLICE_US)
    add('cfs_quota_us', quota, 'CPU time per period, in µs', bandwidth)
  }
  if (cpu.burst !== undefined)
    add('cfs_burst_us', checkedBurst(cpu), 'unused CPU time that may be saved up', bandwidth)
  if (isSet(cpu.realtimePeriod))
    add('rt_period_us', rtValue('realtimePeriod', cpu.realtimePeriod), 'real-time period', realtime)
  if (isSet(cpu.realtimeRuntime))
    add(
      'rt_runtime_us',
      rtValue('realtimeRuntime', cpu.realtimeRuntime),
      'real-time share',
      realtime,
    )
  return writes
}

function rtValue(field: string, value: Integer): string {
  return requireInteger(`cpu.${field}`, value, field === 'realtimePeriod' ? 1 : -1)
}
