import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { makeCpuRates } from '../server/cpu-rate.ts'
import { readFileSystemUsage, readMachineUsage } from '../server/node-usage.ts'
import type { Observation, Observations } from './thresholds.ts'

/** How much is left of the machine now. @param folders whose file systems count: the node's and its images' */
export function readSignals(folders: {
  readonly node: string
  readonly images: string
}): Observations {
  const { availableBytes = 0 } = readMachineUsage(makeCpuRates())
  return new Map([
    ['memory.available', { available: availableBytes, capacity: totalmem() }],
    ['nodefs.available', readDisk(folders.node)],
    ['nodefs.inodesFree', readInodes(folders.node)],
    ['imagefs.available', readDisk(folders.images)],
    ['imagefs.inodesFree', readInodes(folders.images)],
    ['pid.available', readProcesses()],
  ])
}

/** Bytes of the file system that a folder is on. */
export function readDisk(folder: string): Observation {
  const { availableBytes, capacityBytes } = readFileSystemUsage(folder)
  return { available: availableBytes, capacity: capacityBytes }
}

function readInodes(folder: string): Observation {
  const { inodesFree, inodes } = readFileSystemUsage(folder)
  // Some file systems make them as they are needed, and say that they have none.
  return inodes === 0
    ? { available: Number.MAX_SAFE_INTEGER, capacity: Number.MAX_SAFE_INTEGER }
    : { available: inodesFree, capacity: inodes }
}

/** proc_loadavg(5): threads that exist now, behind the slash. */
function readProcesses(): Observation {
  const [, existing = '0'] = /\/(\d+)/.exec(readFileSync('/proc/loadavg', 'latin1')) ?? []
  const limits = ['pid_max', 'threads-max'].map((name) =>
    Number(readFileSync(`/proc/sys/kernel/${name}`, 'latin1')),
  )
  const capacity = Math.min(...limits)
  return { available: capacity - Number(existing), capacity }
}
