import type { CgroupWrite } from '../../cgroup/cgroup-plan.ts'
import type { DbusVariant } from './dbus-value.ts'

/** A property of a unit, as systemd.resource-control(5) and the manager's interface name it. */
export type UnitProperty = readonly [name: string, value: DbusVariant]

/** What systemd takes for "no limit". */
const infinity = 2n ** 64n - 1n
/** It rounds shares of a CPU to this, in µs per second; up, so that nobody gets less than was asked for. */
const quotaStep = 10_000n
const second = 1_000_000n

type Convert = (value: string) => readonly UnitProperty[]

/** By the name of the file, of v2 and v1 alike. What is not here systemd knows nothing of, and leaves alone. */
const conversions: Readonly<Record<string, Convert>> = {
  'memory.max': (value) => [number('MemoryMax', value)],
  'memory.high': (value) => [number('MemoryHigh', value)],
  'memory.low': (value) => [number('MemoryLow', value)],
  'memory.min': (value) => [number('MemoryMin', value)],
  'memory.swap.max': (value) => [number('MemorySwapMax', value)],
  'memory.limit_in_bytes': (value) => [number('MemoryLimit', value)],
  'pids.max': (value) => [number('TasksMax', value)],
  'cpu.weight': (value) => [number('CPUWeight', value)],
  'cpu.shares': (value) => [number('CPUShares', value)],
  'cpu.max': (value) => {
    const [quota = 'max', period = '100000'] = value.split(' ')
    return quotaProperties(quota, period)
  },
  'cpuset.cpus': (value) => [mask('AllowedCPUs', value)],
  'cpuset.mems': (value) => [mask('AllowedMemoryNodes', value)],
  'io.weight': (value) => [number('IOWeight', value.replace('default ', ''))],
  'blkio.weight': (value) => [number('BlockIOWeight', value)],
}

/**
 * The limits of a group as properties of its unit: systemd writes its own values again when it is reloaded, and they
 * must be these. Pure.
 */
export function unitLimits(writes: readonly CgroupWrite[]): UnitProperty[] {
  const values = new Map(writes.map(({ file, value }) => [nameOf(file), value]))
  const known = [...values].flatMap(([name, value]) => conversions[name]?.(value) ?? [])
  const quota = values.get('cpu.cfs_quota_us')
  const period = values.get('cpu.cfs_period_us') ?? '100000'
  return quota === undefined ? known : [...known, ...quotaProperties(quota, period)]
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}

function number(name: string, value: string): UnitProperty {
  const isNumber = /^\d+$/.test(value)
  return [name, { signature: 't', value: isNumber ? BigInt(value) : infinity }]
}

function quotaProperties(quota: string, period: string): UnitProperty[] {
  const isLimited = /^\d+$/.test(quota) && BigInt(period) > 0n
  const perSecond = isLimited ? (BigInt(quota) * second) / BigInt(period) : infinity
  const rounded = ((perSecond + quotaStep - 1n) / quotaStep) * quotaStep
  return [
    ['CPUQuotaPerSecUSec', { signature: 't', value: isLimited ? rounded : infinity }],
    ['CPUQuotaPeriodUSec', { signature: 't', value: BigInt(period) }],
  ]
}

/** A list such as `0-3,6` as bits, the lowest byte first. */
function mask(name: string, list: string): UnitProperty {
  let bits = 0n
  for (const part of list.split(',')) {
    const [first = '', last = first] = part.split('-')
    for (let one = Number(first); one <= Number(last); one++) bits |= 1n << BigInt(one)
  }
  const bytes: number[] = []
  for (let rest = bits; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 255n))
  return [name, { signature: 'ay', value: bytes }]
}
