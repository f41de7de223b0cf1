import { describeError, hasCode } from '../../native/error.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { containerFolder } from './container-folder.ts'
import { readJsonIfPresent } from './durable-file.ts'
import type { EngineFolders } from './folders.ts'
import {
  type ExitFile,
  type ProcessFile,
  isStoppedByUser,
  isStopRequested,
  readExitFile,
  readProcessFile,
} from './monitor-files.ts'
import { bootId } from '../../native/boot-id.ts'
import { isProcessAlive } from './process-identity.ts'
import { isNamed } from './network-membership.ts'
import type { ContainerRecord } from './record.ts'
import { type StartRecord, findStartRecord, readStartRecord } from './start-record.ts'
import {
  type ContainerNetwork,
  type ContainerState,
  type HealthState,
  initialState,
} from './state.ts'

// The state is not stored anywhere as such: it is read off what exists (records, processes, the
// kernel's control groups), so it cannot be wrong for longer than it takes to read it again.

/** Exit code where nobody could see how it ended: the monitor and the init are both gone. */
export const unknownExitCode = 255

/** One container whose files were damaged from outside is `dead`; it must not hide the others. */
export function readState(folders: EngineFolders, record: ContainerRecord): ContainerState {
  try {
    return deriveState(folders, record)
  } catch (error) {
    if (!hasCode(error, 'PROTOCOL')) throw error
    return {
      ...initialState(),
      status: 'dead',
      error: describeError(error),
      ...livingProcess(containerFolder(folders, record.id).state),
    }
  }
}

function livingProcess(stateFolder: string): Pick<ContainerState, 'pid' | 'pidStartTime'> {
  try {
    const process = readProcessFile(stateFolder)
    if (process && isProcessAlive(process.pid, process.startTicks))
      return { pid: process.pid, pidStartTime: String(process.startTicks) }
  } catch (error) {
    if (!hasCode(error, 'PROTOCOL')) throw error
  }
  return { pid: 0 }
}

function deriveState(folders: EngineFolders, record: ContainerRecord): ContainerState {
  const folder = containerFolder(folders, record.id)
  const start = readStartRecord(folder)
  if (!start) return initialState()
  const process = readProcessFile(folder.state)
  const exit = readExitFile(folder.state)
  const base: ContainerState = {
    ...initialState(),
    restartCount: start.restartCount,
    stoppedByUser: isStoppedByUser(folder.state),
    ...(start.network ? { network: namedAlone(record, start.network) } : {}),
  }
  if (start.failure)
    return {
      ...base,
      status: 'created',
      exitCode: start.failure.exitCode,
      error: start.failure.message,
    }
  const monitorAlive =
    process !== undefined &&
    start.bootId === bootId() &&
    isProcessAlive(process.monitorPid, process.monitorStartTicks)
  const source = { folders, record }
  if (exit) return endedState(source, base, process, exit, monitorAlive)
  if (!process) return { ...base, ...unstartedState(start) }
  return liveState(source, base, start, process, monitorAlive)
}

/** Whether a start is under way: recorded, not failed, not cut off, and its program not executed yet. */
export function isBeingStarted(
  folders: EngineFolders,
  record: ContainerRecord,
  { status, error }: ContainerState,
): boolean {
  if (status !== 'created' || error !== '') return false
  return findStartRecord(containerFolder(folders, record.id)) !== undefined
}

/**
 * Whether the last start was cut off: the command that worked on it is dead, and the monitor, if
 * there was one already, is dead too and never saw the program run.
 */
export function isInterrupted(folders: EngineFolders, record: ContainerRecord): boolean {
  const folder = containerFolder(folders, record.id)
  const start = findStartRecord(folder)
  if (!start || start.failure || readExitFile(folder.state)) return false
  const isThisBoot = start.bootId === bootId()
  if (isThisBoot && isProcessAlive(start.starterPid, start.starterTicks)) return false
  const process = readProcessFile(folder.state)
  if (!process) return true
  // It ran: then it did not end as a start but as a container whose monitor was killed.
  if (process.startedAt !== undefined) return false
  // An init without monitor that has not come to its program is alone in the last steps before it.
  return !(isThisBoot && isProcessAlive(process.monitorPid, process.monitorStartTicks))
}

/** A network that the record does not name is on its way in or out: the command that works on it makes it a fact. */
function namedAlone({ options }: ContainerRecord, network: ContainerNetwork): ContainerNetwork {
  const { mode } = options.network
  const attachments = network.attachments.filter((attachment) => isNamed(mode, attachment))
  return attachments.length === network.attachments.length ? network : { ...network, attachments }
}

/** As the next command that sees it writes it down. */
export const interruptedStart = { error: 'the start was interrupted', exitCode: 125 }

function unstartedState(start: StartRecord): Partial<ContainerState> {
  const isStarting =
    start.bootId === bootId() && isProcessAlive(start.starterPid, start.starterTicks)
  return isStarting ? { status: 'created' } : { status: 'created', ...interruptedStart }
}

interface StateSource {
  readonly folders: EngineFolders
  readonly record: ContainerRecord
}

function endedState(
  source: StateSource,
  base: ContainerState,
  process: ProcessFile | undefined,
  exit: ExitFile,
  monitorAlive: boolean,
): ContainerState {
  const exitCode = exit.exitCode ?? 0
  const waitsForRestart =
    monitorAlive &&
    !isStopRequested(containerFolder(source.folders, source.record.id).state) &&
    restartApplies(source.record, exitCode, base.restartCount)
  return {
    ...base,
    status: waitsForRestart ? 'restarting' : 'exited',
    monitorPid: monitorAlive && process ? process.monitorPid : 0,
    exitCode,
    oomKilled: (exit.oomKills ?? 0) > 0,
    error: exit.error ?? '',
    startedAt: exit.startedAt ?? process?.startedAt,
    finishedAt: exit.finishedAt,
    ...healthOf(source, exit.startedAt ?? process?.startedAt),
  }
}

function liveState(
  source: StateSource,
  base: ContainerState,
  start: StartRecord,
  process: ProcessFile,
  monitorAlive: boolean,
): ContainerState {
  const isAlive = start.bootId === bootId() && isProcessAlive(process.pid, process.startTicks)
  if (!isAlive && !monitorAlive) {
    // It may have ended properly since we looked.
    const exit = readExitFile(containerFolder(source.folders, source.record.id).state)
    if (exit) return endedState(source, base, process, exit, false)
    return {
      ...base,
      status: 'exited',
      exitCode: unknownExitCode,
      startedAt: process.startedAt,
      error:
        start.bootId === bootId()
          ? 'its monitor was killed, so nobody saw how it ended'
          : 'the machine was restarted while it ran',
    }
  }
  const isPaused = isAlive && start.cgroup.v2 !== undefined && isFrozen(start.cgroup.v2)
  return {
    ...base,
    status: process.startedAt === undefined ? 'created' : isPaused ? 'paused' : 'running',
    pid: process.pid,
    pidStartTime: String(process.startTicks),
    monitorPid: monitorAlive ? process.monitorPid : 0,
    startedAt: process.startedAt,
    ...healthOf(source, process.startedAt),
  }
}

/** Whether its restart policy starts a container again that ended by itself. */
export function restartApplies(
  record: ContainerRecord,
  exitCode: number,
  restartCount: number,
): boolean {
  const { name, maximumRetryCount } = record.options.restart
  if (name === 'always' || name === 'unless-stopped') return true
  if (name !== 'on-failure' || exitCode === 0) return false
  return maximumRetryCount === 0 || restartCount < maximumRetryCount
}

/** Whether all processes of a v2 group are stopped by its freezer. */
export function isFrozen(cgroup: string): boolean {
  try {
    return /^frozen 1$/m.test(readFileSync(join(cgroup, 'cgroup.events'), 'utf8'))
  } catch {
    return false // The group is gone: so is the container.
  }
}

/** Health in this run; one that was recorded before it says nothing. */
function healthOf(
  { folders, record }: StateSource,
  startedAt: string | undefined,
): { health?: HealthState } {
  const wanted = record.resolved.health
  if (!wanted || wanted.disabled || startedAt === undefined) return {}
  const path = containerFolder(folders, record.id).health
  const stored = readJsonIfPresent(path) as HealthState | undefined
  const isCurrent = (stored?.log.at(-1)?.start ?? '') >= startedAt
  return {
    health: stored && isCurrent ? stored : { status: 'starting', failingStreak: 0, log: [] },
  }
}
