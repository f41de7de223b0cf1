import { hasCode } from '../../native/error.ts'
import type { CgroupLocation } from '../cgroup/cgroup-plan.ts'
import type { ContainerFolder } from './container-folder.ts'
import { readJsonIfPresent, writeFileDurably } from './durable-file.ts'
import type { ContainerNetwork } from './state.ts'

/** What a start that failed left for people. */
export interface StartFailure {
  readonly message: string
  /** 125, 126 or 127, as the command line ends with. */
  readonly exitCode: number
}

/**
 * Facts of the last start, in start.json: written before anything is made, so that whoever finds a
 * start that was cut off knows what to take back.
 */
export interface StartRecord {
  readonly version: 1
  /** Which boot of the kernel the pids belong to. */
  readonly bootId: string
  /** The process that works (or worked) on the start. */
  readonly starterPid: number
  readonly starterTicks: number
  /** How many times the restart policy has started it since a user did. */
  readonly restartCount: number
  readonly network?: ContainerNetwork | undefined
  /** Control groups by hierarchy, as runtime/cgroup knows them. */
  readonly cgroup: CgroupLocation
  /** Files of ours to unlink when it has ended: address and port leases. */
  readonly leases: readonly string[]
  readonly failure?: StartFailure | undefined
}

export function readStartRecord(folder: ContainerFolder): StartRecord | undefined {
  return readJsonIfPresent(folder.start) as StartRecord | undefined
}

/** The same, for whoever can go on without: a record that was damaged from outside counts as none. */
export function findStartRecord(folder: ContainerFolder): StartRecord | undefined {
  try {
    return readStartRecord(folder)
  } catch (error) {
    if (hasCode(error, 'PROTOCOL')) return undefined
    throw error
  }
}

export function writeStartRecord(
  folder: ContainerFolder,
  start: StartRecord,
  durable: boolean,
): void {
  writeFileDurably(folder.start, `${JSON.stringify(start)}\n`, durable)
}
