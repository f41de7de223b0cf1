import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { readPressure } from '../cgroup/pressure.ts'
import { readStats } from '../cgroup/read-stats.ts'
import type { CgroupStats } from '../cgroup/stats.ts'
import type { StatsSample } from '../cli/engine.ts'
import { containerFolder } from './container-folder.ts'
import { containerPids } from './container-pids.ts'
import type { EngineContext } from './engine-context.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { listRecords, resolveContainer } from './record-store.ts'
import { readStartRecord } from './start-record.ts'

const periodMs = 1000

interface Reading {
  readonly stats: CgroupStats
  /** Milliseconds, monotonic. */
  readonly at: number
}

export interface StatsWish {
  readonly stream: boolean
  /** Those that do not run too, with zeros. */
  readonly all: boolean
  readonly signal?: AbortSignal | undefined
}

/** Samples of the named containers (none: all that run), one array a period. */
export async function* statsOfContainers(
  context: EngineContext,
  references: readonly string[],
  wish: StatsWish,
): AsyncGenerator<readonly StatsSample[]> {
  const last = new Map<string, Reading>()
  // CPU use is a difference: the first round only lays the base for it.
  collect(context, references, wish, last)
  do {
    try {
      await delay(periodMs, undefined, { signal: wish.signal })
    } catch {
      return // Aborted.
    }
    yield collect(context, references, wish, last)
  } while (wish.stream && wish.signal?.aborted !== true)
}

function collect(
  context: EngineContext,
  references: readonly string[],
  wish: StatsWish,
  last: Map<string, Reading>,
): StatsSample[] {
  const records =
    references.length > 0
      ? references.map((reference) => resolveContainer(context.folders, reference))
      : listRecords(context.folders)
  return records.flatMap((record) => {
    const sample = sampleOf(context, record, last)
    return sample ?? (wish.all || references.length > 0 ? idle(record) : [])
  })
}

function sampleOf(
  context: EngineContext,
  record: ContainerRecord,
  last: Map<string, Reading>,
): StatsSample | undefined {
  const state = readState(context.folders, record)
  const start = readStartRecord(containerFolder(context.folders, record.id))
  if (state.pid === 0 || !start) return undefined
  const reading = {
    stats: readStats(start.cgroup, containerPids(start.cgroup, state.pid)),
    at: performance.now(),
  }
  const before = last.get(record.id)
  last.set(record.id, reading)
  const { stats } = reading
  const limit = stats.memory.limitBytes
  const pressure = readPressure(start.cgroup)
  const some = (kind: 'cpu' | 'memory' | 'io'): number => pressure[kind]?.some.avg10 ?? 0
  return {
    id: record.id,
    name: record.name,
    cpuPercent: before ? cpuPercent(before, reading) : 0,
    memoryBytes: stats.memory.usageBytes,
    memoryLimitBytes: limit === undefined || limit > totalmem() ? totalmem() : limit,
    ...networkBytes(state.pid),
    blockReadBytes: stats.io.readBytes,
    blockWrittenBytes: stats.io.writeBytes,
    pids: stats.pids.current,
    pressure: { cpu: some('cpu'), memory: some('memory'), io: some('io') },
  }
}

function idle({ id, name }: ContainerRecord): StatsSample {
  return {
    id,
    name,
    cpuPercent: 0,
    memoryBytes: 0,
    memoryLimitBytes: 0,
    networkReceivedBytes: 0,
    networkSentBytes: 0,
    blockReadBytes: 0,
    blockWrittenBytes: 0,
    pids: 0,
  }
}

/** Of one processor: nanoseconds of CPU time per nanosecond of time. */
function cpuPercent(before: Reading, now: Reading): number {
  const used = now.stats.cpu.usageNs - before.stats.cpu.usageNs
  const passed = (now.at - before.at) * 1e6
  return passed <= 0 ? 0 : Math.max(0, (used / passed) * 100)
}

/** All interfaces but the loopback, proc_pid_net(5) `dev`, seen from inside the container. */
function networkBytes(pid: number): Pick<StatsSample, 'networkReceivedBytes' | 'networkSentBytes'> {
  let received = 0
  let sent = 0
  try {
    for (const line of readFileSync(`/proc/${pid}/net/dev`, 'latin1').split('\n').slice(2)) {
      const [name = '', numbers = ''] = line.split(':')
      if (name.trim() === 'lo' || numbers === '') continue
      const fields = numbers.trim().split(/\s+/).map(Number)
      received += fields[0] ?? 0
      sent += fields[8] ?? 0
    }
  } catch {
    // It ended while we looked.
  }
  return { networkReceivedBytes: received, networkSentBytes: sent }
}
