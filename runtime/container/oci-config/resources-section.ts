import { OperationError } from '../../../native/error.ts'
import type { Resources } from '../../spec/config.ts'
import type { DeviceRate, ResourceOptions } from '../options.ts'
import type { HostDevice } from './facts.ts'

const cpuPeriodUs = 100_000

type DevicesAt = (path: string) => readonly HostDevice[]

/**
 * The limits of `linux.resources`, without device rules.
 * @throws {OperationError} INVALID_ARGUMENT when a rate is for something that is no block device
 */
export function resourcesSection(options: ResourceOptions, devicesAt: DevicesAt): Resources {
  const memory = memoryLimits(options)
  const cpu = cpuLimits(options)
  const blockIO = blockIoLimits(options, devicesAt)
  const { pidsLimit, unified } = options
  return {
    ...(isEmpty(memory) ? {} : { memory }),
    ...(isEmpty(cpu) ? {} : { cpu }),
    ...(isEmpty(blockIO) ? {} : { blockIO }),
    // Docker's API takes 0 as "no limit"; the specification as "none at all".
    ...(pidsLimit === undefined ? {} : { pids: { limit: pidsLimit === 0 ? -1 : pidsLimit } }),
    ...(unified === undefined ? {} : { unified: { ...unified } }),
  }
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0
}

function memoryLimits(options: ResourceOptions): NonNullable<Resources['memory']> {
  const {
    memory = 0,
    memoryReservation = 0,
    memorySwap,
    memorySwappiness,
    oomKillDisable,
  } = options
  // As docker: a limit on memory without a word on swap allows as much swap again.
  const swap = memorySwap || (memory > 0 ? memory * 2 : 0)
  return {
    ...(memory > 0 ? { limit: memory } : {}),
    ...(memoryReservation > 0 ? { reservation: memoryReservation } : {}),
    ...(swap === 0 ? {} : { swap }),
    ...(memorySwappiness === undefined ? {} : { swappiness: memorySwappiness }),
    ...(oomKillDisable === true ? { disableOOMKiller: true } : {}),
  }
}

function cpuLimits(options: ResourceOptions): NonNullable<Resources['cpu']> {
  const { cpus = 0, cpuShares = 0, cpuPeriod = 0, cpuQuota = 0, cpusetCpus, cpusetMems } = options
  const { cpuRealtimePeriod = 0, cpuRealtimeRuntime = 0 } = options
  const quota = cpus > 0 ? Math.round(cpus * cpuPeriodUs) : cpuQuota
  const period = cpus > 0 ? cpuPeriodUs : cpuPeriod
  return {
    ...(cpuShares > 0 ? { shares: cpuShares } : {}),
    ...(quota === 0 ? {} : { quota }),
    ...(period > 0 ? { period } : {}),
    ...(cpuRealtimePeriod > 0 ? { realtimePeriod: cpuRealtimePeriod } : {}),
    ...(cpuRealtimeRuntime > 0 ? { realtimeRuntime: cpuRealtimeRuntime } : {}),
    ...(cpusetCpus ? { cpus: cpusetCpus } : {}),
    ...(cpusetMems ? { mems: cpusetMems } : {}),
  }
}

function blockIoLimits(
  options: ResourceOptions,
  devicesAt: DevicesAt,
): NonNullable<Resources['blockIO']> {
  const { blkioWeight = 0, blkioWeightDevice = [] } = options
  const rates = (list: readonly DeviceRate[] = []) =>
    list.map(({ path, rate }) => ({ ...blockDevice(path, devicesAt), rate }))
  const lists = {
    throttleReadBpsDevice: rates(options.deviceReadBps),
    throttleWriteBpsDevice: rates(options.deviceWriteBps),
    throttleReadIOPSDevice: rates(options.deviceReadIops),
    throttleWriteIOPSDevice: rates(options.deviceWriteIops),
    weightDevice: blkioWeightDevice.map(({ path, rate: weight }) => ({
      ...blockDevice(path, devicesAt),
      weight,
    })),
  }
  return {
    ...(blkioWeight > 0 ? { weight: blkioWeight } : {}),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
  }
}

function blockDevice(path: string, devicesAt: DevicesAt): { major: number; minor: number } {
  const [device] = devicesAt(path)
  if (device?.type === 'b') return { major: device.major, minor: device.minor }
  throw new OperationError(
    'INVALID_ARGUMENT',
    'limit a device',
    { path },
    {
      hint: 'Name a block device, such as /dev/sda',
    },
  )
}
