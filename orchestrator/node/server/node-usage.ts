import { readFileSync, statfsSync } from 'node:fs'
import type { CpuRates } from './cpu-rate.ts'
import type { FileSystemUsage, Usage } from './served-pods.ts'

/** proc_stat(5): in what units times are counted. */
const ticksPerSecond = 100

/** Of the whole machine; a node that shares one with others sees them too. */
export function readMachineUsage(rates: CpuRates): Usage {
  const memory = readMemory()
  const cpuNanoseconds = readCpuTime()
  const total = memory.get('MemTotal') ?? 0
  const available = memory.get('MemAvailable') ?? 0
  const now = performance.now()
  const uptime = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000
  return {
    time: Date.now(),
    cpuNanoseconds,
    cpuNanoCores: rates.rate('machine', cpuNanoseconds, now, now - uptime),
    workingSetBytes: total - available,
    memoryBytes: total - (memory.get('MemFree') ?? 0),
    availableBytes: available,
    swapBytes: (memory.get('SwapTotal') ?? 0) - (memory.get('SwapFree') ?? 0),
  }
}

/** When it was started, milliseconds since 1970. */
export function machineStart(): number {
  const uptime = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0])
  return Math.round((Date.now() / 1000 - uptime) * 1000)
}

function readCpuTime(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return ((user + nice + system + irq + softIrq) / ticksPerSecond) * 1e9
}

/** proc_meminfo(5), in bytes. */
function readMemory(): ReadonlyMap<string, number> {
  return new Map(
    readFileSync('/proc/meminfo', 'latin1')
      .split('\n')
      .map((line) => {
        const [name = '', amount = ''] = line.split(':')
        return [name, Number.parseInt(amount, 10) * 1024] as const
      }),
  )
}

/** The file system that a folder is on. */
export function readFileSystemUsage(folder: string): FileSystemUsage {
  const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(folder)
  return {
    availableBytes: bavail * bsize,
    capacityBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodesFree: ffree,
    inodes: files,
  }
}
