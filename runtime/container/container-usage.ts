import { totalmem } from 'node:os'
import { readFileSync } from 'node:fs'
import { readStats } from '../cgroup/read-stats.ts'
import type { CgroupStats } from '../cgroup/stats.ts'
import { containerFolder } from './container-folder.ts'
import { containerPids } from './container-pids.ts'
import type { EngineContext } from './engine-context.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { readStartRecord } from './start-record.ts'

/** What a container has used since it was started, in totals: rates are its readers' affair. */
export interface ContainerUsage {
  readonly stats: CgroupStats
  readonly memoryLimitBytes: number
  readonly interfaces: readonly InterfaceUsage[]
}

/** What went over an interface, as the network namespace of the container counts it. */
export interface InterfaceUsage {
  readonly name: string
  readonly receivedBytes: number
  readonly receiveErrors: number
  readonly sentBytes: number
  readonly sendErrors: number
}

/** @returns undefined for one that does not run */
export function readContainerUsage(
  { folders }: Pick<EngineContext, 'folders'>,
  record: ContainerRecord,
): ContainerUsage | undefined {
  const { pid } = readState(folders, record)
  const start = readStartRecord(containerFolder(folders, record.id))
  if (pid === 0 || !start) return undefined
  const stats = readStats(start.cgroup, containerPids(start.cgroup, pid))
  const limit = stats.memory.limitBytes ?? totalmem()
  return {
    stats,
    memoryLimitBytes: Math.min(limit, totalmem()),
    interfaces: readInterfaces(pid),
  }
}

/** proc_pid_net(5) `dev`, seen from inside; the loopback is left out. */
function readInterfaces(pid: number): InterfaceUsage[] {
  try {
    const lines = readFileSync(`/proc/${pid}/net/dev`, 'latin1').trimEnd().split('\n').slice(2)
    return lines.map(parseInterface).filter(({ name }) => name !== 'lo')
  } catch {
    // It ended while we looked.
    return []
  }
}

function parseInterface(line: string): InterfaceUsage {
  const [name = '', numbers = ''] = line.split(':')
  const fields = numbers.trim().split(/\s+/).map(Number)
  return {
    name: name.trim(),
    receivedBytes: fields[0] ?? 0,
    receiveErrors: fields[2] ?? 0,
    sentBytes: fields[8] ?? 0,
    sendErrors: fields[10] ?? 0,
  }
}
