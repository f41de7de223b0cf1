import {
  type JsonObject,
  booleanField,
  numberField,
  objectsField,
  textField,
} from './json-fields.ts'
import { each, toggle, word } from './words.ts'

const numbers = {
  memory: 'Memory',
  'memory-reservation': 'MemoryReservation',
  'memory-swap': 'MemorySwap',
  'cpu-shares': 'CpuShares',
  'cpu-period': 'CpuPeriod',
  'cpu-quota': 'CpuQuota',
  'cpu-rt-period': 'CpuRealtimePeriod',
  'cpu-rt-runtime': 'CpuRealtimeRuntime',
  'blkio-weight': 'BlkioWeight',
  'pids-limit': 'PidsLimit',
} as const

const deviceRates = {
  'device-read-bps': 'BlkioDeviceReadBps',
  'device-write-bps': 'BlkioDeviceWriteBps',
  'device-read-iops': 'BlkioDeviceReadIOps',
  'device-write-iops': 'BlkioDeviceWriteIOps',
} as const

/** The flags for limits; `update` takes the same, but for those of processes. */
export function limitWords(host: JsonObject): string[] {
  const cpus = numberField(host, 'NanoCpus')
  return [
    ...Object.entries(numbers).flatMap(([name, field]) => word(name, numberField(host, field))),
    ...word('cpus', cpus === undefined ? undefined : cpus / 1e9),
    ...word('cpuset-cpus', textField(host, 'CpusetCpus')),
    ...word('cpuset-mems', textField(host, 'CpusetMems')),
  ]
}

export function resourceWords(host: JsonObject): string[] {
  const swappiness = numberField(host, 'MemorySwappiness')
  return [
    ...limitWords(host),
    // Clients say -1 for "as it is".
    ...word('memory-swappiness', swappiness === -1 ? undefined : swappiness),
    ...toggle('oom-kill-disable', booleanField(host, 'OomKillDisable')),
    ...word('oom-score-adj', numberField(host, 'OomScoreAdj')),
    ...Object.entries(deviceRates).flatMap(([name, field]) =>
      each(
        name,
        objectsField(host, field).map(
          (rate) => `${textField(rate, 'Path')}:${numberField(rate, 'Rate') ?? 0}`,
        ),
      ),
    ),
    ...each(
      'blkio-weight-device',
      objectsField(host, 'BlkioWeightDevice').map(
        (weight) => `${textField(weight, 'Path')}:${numberField(weight, 'Weight') ?? 0}`,
      ),
    ),
    ...each('ulimit', objectsField(host, 'Ulimits').map(ulimit)),
  ]
}

function ulimit(limit: JsonObject): string {
  const soft = numberField(limit, 'Soft') ?? 0
  return `${textField(limit, 'Name') ?? ''}=${soft}:${numberField(limit, 'Hard') ?? soft}`
}
