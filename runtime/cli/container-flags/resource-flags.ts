import { OperationError } from '../../../native/error.ts'
import type { DeviceRate, ResourceOptions } from '../../container/options.ts'
import { parseCpuset } from '../../container/parse/cpuset.ts'
import {
  parseDeviceBytes,
  parseDeviceOperations,
  parseDeviceWeight,
} from '../../container/parse/device.ts'
import { parseInteger } from '../../container/parse/integer.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'
import { parseKeyValues } from '../../container/parse/key-value.ts'
import { parseSize, parseSizeOrUnlimited } from '../../container/parse/size.ts'
import { flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

/** The limits that run, create, update and limit share. */
export function resourceFlags(): FlagSpec[] {
  return [
    flag(
      'int',
      'blkio-weight',
      'Block IO (relative weight), between 10 and 1000, or 0 to disable',
      { value: 'uint16' },
    ),
    flag('list', 'blkio-weight-device', 'Block IO weight (relative device weight)'),
    flag('int', 'cpu-period', 'Limit CPU CFS (Completely Fair Scheduler) period'),
    flag('int', 'cpu-quota', 'Limit CPU CFS (Completely Fair Scheduler) quota'),
    flag('int', 'cpu-rt-period', 'Limit CPU real-time period in microseconds'),
    flag('int', 'cpu-rt-runtime', 'Limit CPU real-time runtime in microseconds'),
    flag('int', 'cpu-shares,c', 'CPU shares (relative weight)'),
    flag('number', 'cpus', 'Number of CPUs', { value: 'decimal' }),
    flag('string', 'cpuset-cpus', 'CPUs in which to allow execution (0-3, 0,1)'),
    flag('string', 'cpuset-mems', 'MEMs in which to allow execution (0-3, 0,1)'),
    flag('list', 'device-read-bps', 'Limit read rate (bytes per second) from a device'),
    flag('list', 'device-read-iops', 'Limit read rate (IO per second) from a device'),
    flag('list', 'device-write-bps', 'Limit write rate (bytes per second) to a device'),
    flag('list', 'device-write-iops', 'Limit write rate (IO per second) to a device'),
    flag('string', 'memory,m', 'Memory limit', { value: 'bytes' }),
    flag('string', 'memory-reservation', 'Memory soft limit', { value: 'bytes' }),
    flag(
      'string',
      'memory-swap',
      "Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
      { value: 'bytes' },
    ),
    flag('int', 'memory-swappiness', 'Tune container memory swappiness (0 to 100)'),
    flag('bool', 'oom-kill-disable', 'Disable OOM Killer'),
    flag('int', 'pids-limit', 'Tune container pids limit (set -1 for unlimited)'),
    flag('list', 'cgroup-conf', 'Configure cgroup v2 (key=value)'),
    flag('string', 'kernel-memory', '', { hidden: true }),
  ]
}

/**
 * @throws {OperationError} INVALID_ARGUMENT, also for limits that contradict each other
 */
export function readResourceFlags(flags: ParsedFlags): ResourceOptions {
  const resources: ResourceOptions = {
    ...readMemory(flags),
    ...readCpu(flags),
    ...readBlockIo(flags),
    ...integer(flags, 'pids-limit', 'pidsLimit', -1, 4_194_304),
    ...(flags.has('cgroup-conf')
      ? { unified: parseKeyValues('cgroup file', flags.list('cgroup-conf'), true) }
      : {}),
  }
  checkResources(resources)
  return resources
}

type NumberKey =
  | 'memorySwappiness'
  | 'cpuShares'
  | 'cpuPeriod'
  | 'cpuQuota'
  | 'cpuRealtimePeriod'
  | 'cpuRealtimeRuntime'
  | 'pidsLimit'

function integer(
  flags: ParsedFlags,
  name: string,
  key: NumberKey,
  min: number,
  max: number,
): ResourceOptions {
  const text = flags.string(name)
  return text === undefined ? {} : { [key]: parseInteger(name, text, min, max) }
}

function readMemory(flags: ParsedFlags): ResourceOptions {
  const [memory, reservation, swap] = ['memory', 'memory-reservation', 'memory-swap'].map((name) =>
    flags.string(name),
  )
  return {
    ...(memory === undefined ? {} : { memory: parseSize(memory) }),
    ...(reservation === undefined ? {} : { memoryReservation: parseSize(reservation) }),
    ...(swap === undefined ? {} : { memorySwap: parseSizeOrUnlimited(swap) }),
    ...(flags.string('memory-swappiness') === '-1'
      ? {}
      : integer(flags, 'memory-swappiness', 'memorySwappiness', 0, 100)),
    ...(flags.has('oom-kill-disable') ? { oomKillDisable: flags.bool('oom-kill-disable') } : {}),
  }
}

function readCpu(flags: ParsedFlags): ResourceOptions {
  const [cpus, cpusetCpus, cpusetMems] = ['cpus', 'cpuset-cpus', 'cpuset-mems'].map((name) =>
    flags.string(name),
  )
  return {
    ...(cpus === undefined ? {} : { cpus: readCpus(cpus) }),
    ...integer(flags, 'cpu-shares', 'cpuShares', 0, 262_144),
    ...integer(flags, 'cpu-period', 'cpuPeriod', 0, 1_000_000),
    ...integer(flags, 'cpu-quota', 'cpuQuota', -1, Number.MAX_SAFE_INTEGER),
    ...integer(flags, 'cpu-rt-period', 'cpuRealtimePeriod', 0, Number.MAX_SAFE_INTEGER),
    ...integer(flags, 'cpu-rt-runtime', 'cpuRealtimeRuntime', 0, Number.MAX_SAFE_INTEGER),
    ...(cpusetCpus === undefined ? {} : { cpusetCpus: cpusetCpus && parseCpuset(cpusetCpus) }),
    ...(cpusetMems === undefined ? {} : { cpusetMems: cpusetMems && parseCpuset(cpusetMems) }),
  }
}

function readCpus(text: string): number {
  const value = Number(text)
  // Below a hundredth the quota falls under the kernel's 1 ms at the default period.
  if (value === 0 || (value >= 0.01 && value <= 8192)) return value
  throw invalidValue('number of CPUs', text, 'It must be at least 0.01')
}

function readBlockIo(flags: ParsedFlags): ResourceOptions {
  const rates = (name: string, key: keyof ResourceOptions, parse: (text: string) => DeviceRate) =>
    flags.has(name) ? { [key]: flags.list(name).map(parse) } : {}
  const weight = flags.string('blkio-weight')
  return {
    ...(weight === undefined
      ? {}
      : { blkioWeight: weight === '0' ? 0 : parseInteger('blkio-weight', weight, 10, 1000) }),
    ...rates('blkio-weight-device', 'blkioWeightDevice', parseDeviceWeight),
    ...rates('device-read-bps', 'deviceReadBps', parseDeviceBytes),
    ...rates('device-write-bps', 'deviceWriteBps', parseDeviceBytes),
    ...rates('device-read-iops', 'deviceReadIops', parseDeviceOperations),
    ...rates('device-write-iops', 'deviceWriteIops', parseDeviceOperations),
  }
}

function checkResources(resources: ResourceOptions): void {
  const { memory = 0, memoryReservation = 0, memorySwap, cpus, cpuPeriod, cpuQuota } = resources
  if (memory > 0 && memoryReservation > memory)
    throw conflict(
      '--memory-reservation',
      '--memory',
      'The reservation must not be above the limit',
    )
  if (memorySwap !== undefined && memorySwap > 0 && memory === 0)
    throw conflict('--memory-swap', '--memory', 'Give --memory too: the swap limit includes it')
  if (memorySwap !== undefined && memorySwap > 0 && memorySwap < memory)
    throw conflict(
      '--memory-swap',
      '--memory',
      'The swap limit includes memory, so it is the larger',
    )
  if (cpus !== undefined && (cpuPeriod !== undefined || cpuQuota !== undefined))
    throw conflict('--cpus', '--cpu-period, --cpu-quota', 'Give one or the other')
}

function conflict(first: string, second: string, hint: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', 'combine limits', { first, second }, { hint })
}
