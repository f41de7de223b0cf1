import { OperationError } from '../../native/error.ts'
import type { CgroupResources, Integer } from './resources.ts'

const PERIOD_US = 100_000

/** Limits as a user gives them. Sizes in bytes; absent means no limit. */
export interface LimitValues {
  readonly memory?: Integer | undefined
  /** Memory plus swap; -1 unlimited; absent: twice the memory limit, as docker has it. */
  readonly memorySwap?: Integer | undefined
  readonly memoryReservation?: Integer | undefined
  /** Processors' worth of time, e.g. 0.5. */
  readonly cpus?: number | undefined
  readonly cpuShares?: Integer | undefined
  readonly cpuQuota?: Integer | undefined
  readonly cpuPeriod?: Integer | undefined
  /** CPU list such as `0-3,6`. */
  readonly cpuset?: string | undefined
  readonly cpusetMems?: string | undefined
  /** Processes and threads; negative: no limit. */
  readonly pids?: Integer | undefined
  /** 10 to 1000. */
  readonly ioWeight?: number | undefined
}

/**
 * The same as a `linux.resources` section.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` when `cpus` is not a positive number of at least 0.01
 */
export function toResources(values: LimitValues): CgroupResources {
  const { memory, cpus, pids, ioWeight } = values
  if (cpus !== undefined && !(cpus >= 0.01 && cpus <= 1_000_000))
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read --cpus',
      { value: cpus },
      {
        hint: 'Give a number of processors of at least 0.01, as in 0.5',
      },
    )
  const twice = memory === undefined || memory < 0 ? undefined : BigInt(memory) * 2n
  return {
    memory: {
      limit: memory,
      swap: values.memorySwap ?? twice,
      reservation: values.memoryReservation,
    },
    cpu: {
      shares: values.cpuShares,
      quota: cpus === undefined ? values.cpuQuota : Math.round(cpus * PERIOD_US),
      period: cpus === undefined ? values.cpuPeriod : PERIOD_US,
      cpus: values.cpuset,
      mems: values.cpusetMems,
    },
    pids: pids === undefined ? undefined : { limit: pids },
    blockIO: ioWeight === undefined ? undefined : { weight: ioWeight },
  }
}
