import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { readFileSystemUsage } from '../server/node-usage.ts'
import type { FileSystemUsage } from '../server/served-pods.ts'
import type { Observation, Observations } from './thresholds.ts'

/** How much is left of the machine now. @param folders whose file systems count: the node's and its images' */
export function readSignals(folders: {
  readonly node: string
  readonly images: string
}): Observations {
  const node = readFileSystemUsage(folders.node)
  const images = readFileSystemUsage(folders.images)
  return new Map([
    ['memory.available', { available: readAvailableMemory(), capacity: totalmem() }],
    ['nodefs.available', bytesOf(node)],
    ['nodefs.inodesFree', inodesOf(node)],
    ['imagefs.available', bytesOf(images)],
    ['imagefs.inodesFree', inodesOf(images)],
    ['pid.available', readProcesses()],
  ])
}

/** proc_meminfo(5), in bytes. */
function readAvailableMemory(): number {
  const text = readFileSync('/proc/meminfo', 'latin1')
  return Number(/^MemAvailable: +(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}

/** Bytes of the file system that a folder is on. */
export function readDisk(folder: string): Observation {
  return bytesOf(readFileSystemUsage(folder))
}

function bytesOf({ availableBytes, capacityBytes }: FileSystemUsage): Observation {
  return { available: availableBytes, capacity: capacityBytes }
}

function inodesOf({ inodesFree, inodes }: FileSystemUsage): Observation {
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
