import { readFileSync } from 'node:fs'
import { readGroupFile, readGroupNumber, readKeyedNumbers } from './cgroup-files.ts'
import type { CgroupLocation } from './cgroup-plan.ts'
import { listPids } from './list-pids.ts'
import type { CgroupStats } from './stats.ts'

// Above this a v1 limit means "none": the kernel reports the largest page-aligned number.
const UNLIMITED = 2 ** 62

/**
 * Statistics of a container's groups. Each part names its source: where no controller counts (a
 * hybrid host and a container without that limit), memory and I/O are summed over the processes
 * alive now, and so is CPU time where there is no group at all. A group that is gone gives zeros with source `none`.
 */
export function readStats(
  location: CgroupLocation,
  pids: readonly number[] = listPids(location),
): CgroupStats {
  return {
    cpu: readCpu(location, pids),
    memory: readMemory(location, pids),
    pids: readPids(location, pids),
    io: readIo(location, pids),
  }
}

function readCpu({ v2, v1 }: CgroupLocation, pids: readonly number[]): CgroupStats['cpu'] {
  const stat = readKeyedNumbers(v2, 'cpu.stat')
  const account = v1['cpuacct']
  const usageUs = stat.get('usage_usec')
  const throttled = v1['cpu'] === undefined ? stat : readKeyedNumbers(v1['cpu'], 'cpu.stat')
  const common = {
    throttledNs: throttled.get('throttled_time') ?? (throttled.get('throttled_usec') ?? 0) * 1000,
    throttledPeriods: throttled.get('nr_throttled') ?? 0,
  }
  if (usageUs !== undefined)
    return {
      ...common,
      source: 'v2',
      usageNs: usageUs * 1000,
      userNs: (stat.get('user_usec') ?? 0) * 1000,
      systemNs: (stat.get('system_usec') ?? 0) * 1000,
    }
  const usageNs = readGroupNumber(account, 'cpuacct.usage')
  if (usageNs === undefined && pids.length > 0)
    return { ...common, source: 'proc', ...sumCpu(pids) }
  return {
    ...common,
    source: usageNs === undefined ? 'none' : 'v1',
    usageNs: usageNs ?? 0,
    userNs: readGroupNumber(account, 'cpuacct.usage_user') ?? 0,
    systemNs: readGroupNumber(account, 'cpuacct.usage_sys') ?? 0,
    perCpuNs: readGroupFile(account, 'cpuacct.usage_percpu')?.trim().split(' ').map(Number),
  }
}

// Fields 14 and 15 of /proc/PID/stat, and 16 and 17 for children that were waited for; in 10 ms.
function sumCpu(pids: readonly number[]): { usageNs: number; userNs: number; systemNs: number } {
  let [userNs, systemNs] = [0, 0]
  for (const pid of pids) {
    const stat = readProcess(pid, 'stat')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const nanoseconds = (field: number): number => Number(fields[field - 3] ?? 0) * 1e7
    userNs += nanoseconds(14) + nanoseconds(16)
    systemNs += nanoseconds(15) + nanoseconds(17)
  }
  return { usageNs: userNs + systemNs, userNs, systemNs }
}

function readMemory({ v2, v1 }: CgroupLocation, pids: readonly number[]): CgroupStats['memory'] {
  const current = readGroupNumber(v2, 'memory.current')
  if (current !== undefined)
    return {
      source: 'v2',
      usageBytes: withoutCache(current, v2, 'inactive_file'),
      limitBytes: readGroupNumber(v2, 'memory.max'),
      maxBytes: readGroupNumber(v2, 'memory.peak'),
      swapBytes: readGroupNumber(v2, 'memory.swap.current'),
    }
  const folder = v1['memory']
  const usage = readGroupNumber(folder, 'memory.usage_in_bytes')
  if (usage === undefined) return sumMemory(pids)
  const limit = readGroupNumber(folder, 'memory.limit_in_bytes') ?? UNLIMITED
  const withSwap = readGroupNumber(folder, 'memory.memsw.usage_in_bytes')
  return {
    source: 'v1',
    usageBytes: withoutCache(usage, folder, 'total_inactive_file'),
    limitBytes: limit < UNLIMITED ? limit : undefined,
    maxBytes: readGroupNumber(folder, 'memory.max_usage_in_bytes'),
    swapBytes: withSwap === undefined ? undefined : Math.max(0, withSwap - usage),
  }
}

function withoutCache(usage: number, folder: string | undefined, key: string): number {
  const inactive = readKeyedNumbers(folder, 'memory.stat').get(key) ?? 0
  return inactive < usage ? usage - inactive : usage
}

// Anonymous and shared-memory pages alone: file pages are shared with the host's page cache.
function sumMemory(pids: readonly number[]): CgroupStats['memory'] {
  let bytes = 0
  for (const pid of pids) {
    const status = readProcess(pid, 'status')
    for (const field of ['RssAnon', 'RssShmem'])
      bytes += Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
  }
  return { source: pids.length === 0 ? 'none' : 'proc', usageBytes: bytes }
}

function readPids({ v2, v1 }: CgroupLocation, pids: readonly number[]): CgroupStats['pids'] {
  for (const [source, folder] of [
    ['v2', v2],
    ['v1', v1['pids']],
  ] as const) {
    const current = readGroupNumber(folder, 'pids.current')
    if (current !== undefined)
      return { source, current, limit: readGroupNumber(folder, 'pids.max') }
  }
  // As the controller does, threads are counted and not processes.
  let current = 0
  for (const pid of pids)
    current += Number(/^Threads:\s+(\d+)/m.exec(readProcess(pid, 'status'))?.[1] ?? 0)
  return { source: pids.length === 0 ? 'none' : 'proc', current }
}

function readIo({ v2, v1 }: CgroupLocation, pids: readonly number[]): CgroupStats['io'] {
  const stat = readGroupFile(v2, 'io.stat')
  if (stat !== undefined) return { source: 'v2', ...parseIoStat(stat) }
  const folder = v1['blkio']
  const served = readGroupFile(folder, 'blkio.throttle.io_service_bytes_recursive')
  if (served !== undefined) {
    const bytes = parseBlkio(served)
    const operations = parseBlkio(
      readGroupFile(folder, 'blkio.throttle.io_serviced_recursive') ?? '',
    )
    return {
      source: 'v1',
      readBytes: bytes.read,
      writeBytes: bytes.write,
      readOps: operations.read,
      writeOps: operations.write,
    }
  }
  return sumIo(pids)
}

/** Sums of v2 `io.stat` over all devices. */
export function parseIoStat(text: string): Omit<CgroupStats['io'], 'source'> {
  const sum = (key: string): number => {
    let total = 0
    for (const found of text.matchAll(new RegExp(` ${key}=(\\d+)`, 'g'))) total += Number(found[1])
    return total
  }
  return {
    readBytes: sum('rbytes'),
    writeBytes: sum('wbytes'),
    readOps: sum('rios'),
    writeOps: sum('wios'),
  }
}

/** Sums of a v1 `blkio.*` file (`8:0 Read 4096`) over all devices. */
export function parseBlkio(text: string): { read: number; write: number } {
  const total = { read: 0, write: 0 }
  for (const line of text.split('\n')) {
    const [, operation, value] = line.split(' ')
    if (operation === 'Read') total.read += Number(value)
    if (operation === 'Write') total.write += Number(value)
  }
  return total
}

function sumIo(pids: readonly number[]): CgroupStats['io'] {
  const total = { readBytes: 0, writeBytes: 0, readOps: 0, writeOps: 0 }
  for (const pid of pids) {
    const io = readProcess(pid, 'io')
    const field = (name: string): number =>
      Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1] ?? 0)
    total.readBytes += field('read_bytes')
    total.writeBytes += field('write_bytes')
    total.readOps += field('syscr')
    total.writeOps += field('syscw')
  }
  return { source: pids.length === 0 ? 'none' : 'proc', ...total }
}

function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // ended meanwhile
  }
}
