import type { Config } from '../config.ts'
import type { Int64 } from '../integer.ts'
import { isNumberList } from '../number-list.ts'
import { formatPath } from '../problem.ts'
import type { Report } from '../problem.ts'
import type { CpuResources, MemoryResources, Resources } from '../resources.ts'

/** The same rules serve `update`, which has resources and no configuration around them. */
export function checkResources(config: Config, report: Report): void {
  const resources = config.linux?.resources
  if (resources !== undefined) checkResourceValues(resources, report, 'linux.resources')
}

/** @param path of the resources in the document, for the reports */
export function checkResourceValues(resources: Resources, report: Report, path: string): void {
  if (resources.memory) checkMemory(resources.memory, report, `${path}.memory`)
  if (resources.cpu) checkCpu(resources.cpu, report, `${path}.cpu`)
  checkBlockIO(resources, report, `${path}.blockIO`)
  checkHugepages(resources, report, `${path}.hugepageLimits`)
  checkDeviceRules(resources, report, `${path}.devices`)
  for (const name of Object.keys(resources.unified ?? {}))
    // The key becomes a file name in the container's cgroup folder.
    if (!/^[a-zA-Z0-9_]+\.[a-zA-Z0-9_.]+$/.test(name))
      report(formatPath([...path.split('.'), 'unified', name]), 'a cgroup v2 file', name)
}

function checkMemory(memory: MemoryResources, report: Report, path: string): void {
  const { limit, reservation, swap, kernel, kernelTCP, swappiness } = memory
  for (const [key, bytes] of Object.entries({ limit, reservation, swap, kernel, kernelTCP }))
    if (bytes !== undefined && bytes < -1)
      report(`${path}.${key}`, 'bytes, or -1 for no limit', bytes)
  if (isLimit(swap) && !isLimit(limit)) report(`${path}.swap`, 'a memory limit beside it', swap)
  if (isLimit(swap) && isLimit(limit) && swap < limit)
    report(`${path}.swap`, `memory and swap together, at least the limit ${limit}`, swap)
  if (swappiness !== undefined && swappiness > 100)
    report(`${path}.swappiness`, '0 to 100', swappiness)
}

const isLimit = (bytes: Int64 | undefined): bytes is Int64 => bytes !== undefined && bytes > 0

const MIN_SLICE_US = 1000 // the kernel refuses a quota or a period under 1 ms
const MAX_PERIOD_US = 1_000_000

/** @see https://docs.kernel.org/scheduler/sched-bwc.html */
function checkCpu(cpu: CpuResources, report: Report, path: string): void {
  const { quota, period, burst, idle, realtimeRuntime, realtimePeriod } = cpu
  if (isLimit(period) && (period < MIN_SLICE_US || period > MAX_PERIOD_US))
    report(`${path}.period`, `${MIN_SLICE_US} to ${MAX_PERIOD_US} microseconds`, period)
  if (isLimit(quota) && quota < MIN_SLICE_US)
    report(`${path}.quota`, `at least ${MIN_SLICE_US} microseconds, or -1 for no limit`, quota)
  if (isLimit(burst) && isLimit(quota) && burst > quota)
    report(`${path}.burst`, `at most the quota ${quota}`, burst)
  if (isLimit(realtimeRuntime) && isLimit(realtimePeriod) && realtimeRuntime > realtimePeriod)
    report(`${path}.realtimeRuntime`, `at most the period ${realtimePeriod}`, realtimeRuntime)
  if (idle !== undefined && (idle < 0 || idle > 1)) report(`${path}.idle`, '0 or 1', idle)
  for (const key of ['cpus', 'mems'] as const) {
    const list = cpu[key]
    if (list !== undefined && !isNumberList(list))
      report(`${path}.${key}`, 'a list such as 0-3,7', list)
  }
}

function checkBlockIO({ blockIO }: Resources, report: Report, path: string): void {
  const weigh = (
    weights: { weight?: number | undefined; leafWeight?: number | undefined },
    at: string,
  ) => {
    for (const key of ['weight', 'leafWeight'] as const) {
      const weight = weights[key]
      if (weight !== undefined && weight !== 0 && (weight < 10 || weight > 1000))
        report(`${at}.${key}`, '10 to 1000', weight)
    }
  }
  if (blockIO === undefined) return
  weigh(blockIO, path)
  blockIO.weightDevice?.forEach((device, index) => weigh(device, `${path}.weightDevice[${index}]`))
}

function checkHugepages({ hugepageLimits }: Resources, report: Report, path: string): void {
  const seen = new Set<string>()
  hugepageLimits?.forEach(({ pageSize }, index) => {
    const at = `${path}[${index}].pageSize`
    if (!/^[1-9]\d{0,9}[KMGT]B$/.test(pageSize)) report(at, 'a size such as 2MB', pageSize)
    if (seen.has(pageSize)) report(at, 'each size once', pageSize)
    seen.add(pageSize)
  })
}

function checkDeviceRules({ devices }: Resources, report: Report, path: string): void {
  devices?.forEach(({ access, major, minor }, index) => {
    if (access !== undefined && !/^[rwm]{0,3}$/.test(access))
      report(`${path}[${index}].access`, 'letters of rwm', access)
    for (const [key, number] of Object.entries({ major, minor }))
      if (number !== undefined && (number < -1 || number > 0xffff_ffff))
        report(`${path}[${index}].${key}`, 'a device number, or -1 for any', number)
  })
}
