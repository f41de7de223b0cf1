import type { HealthResult } from '../cli/engine.ts'
import { containerFolder } from './container-folder.ts'
import { writeFileDurably } from './durable-file.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { type Capture, execCaptured } from './exec-captured.ts'
import { timestamp } from './identifier.ts'
import { killContainer } from './kill.ts'
import type { HealthOptions } from './options.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { readRecord, resolveContainer } from './record-store.ts'
import type { HealthProbe, HealthState, HealthStatus } from './state.ts'
import { stopContainer } from './stop.ts'

/** Bytes kept of what one probe wrote, and probes kept (docker's numbers). */
const outputLimit = 4096
const keptProbes = 5

/** Exit code of a probe that could not be started, or took too long. */
const probeFailed = -1

/**
 * One probe if it is due: monitors call this at the shortest interval that may apply.
 * Failures within the start period do not count until a probe has succeeded once.
 */
export async function probeIfDue(context: EngineContext, id: string): Promise<void> {
  const record = readRecord(context.folders, id)
  if (!record) return
  const health = record.resolved.health
  const state = readState(context.folders, record)
  if (!health || health.disabled || state.status !== 'running') return
  const last = state.health?.log.at(-1)
  const sinceLast = last ? Date.now() - Date.parse(last.end) : Number.POSITIVE_INFINITY
  const isStarting = inStartPeriod(health, state.startedAt, state.health?.status)
  const due = (isStarting ? health.startIntervalMs : health.intervalMs) ?? 30_000
  // Timers of the monitor are a little early or late: half a second does not make a probe undue.
  if (sinceLast + 500 < due) return
  await probe(context, record, health)
}

/** `healthcheck run`: one probe now. @throws `BAD_STATE` where there is nothing to check */
export async function healthcheck(
  context: EngineContext,
  reference: string,
): Promise<HealthResult> {
  const record = resolveContainer(context.folders, reference)
  const health = record.resolved.health
  if (!health || health.disabled) {
    const { OperationError } = await import('../../native/error.ts')
    throw new OperationError(
      'BAD_STATE',
      `check the health of ${record.name}`,
      {},
      { hint: 'It has no health check; give it one with --health-cmd' },
    )
  }
  const result = await probe(context, record, health)
  return { healthy: result.exitCode === 0, exitCode: result.exitCode, output: result.output }
}

async function probe(
  context: EngineContext,
  record: ContainerRecord,
  health: HealthOptions,
): Promise<HealthProbe> {
  const start = timestamp()
  const captured = await runProbe(context, record, health)
  const result: HealthProbe = {
    start,
    end: timestamp(),
    exitCode: captured.exitCode,
    output: captured.output,
  }
  await recordProbe(context, record, health, result)
  return result
}

async function runProbe(
  context: EngineContext,
  record: ContainerRecord,
  health: HealthOptions,
): Promise<Capture> {
  const [kind, ...words] = health.test ?? []
  const command = kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : words
  try {
    return await execCaptured(context, record, command, {
      timeoutMs: health.timeoutMs ?? 30_000,
      limit: outputLimit,
    })
  } catch (error) {
    return { exitCode: probeFailed, output: error instanceof Error ? error.message : '' }
  }
}

async function recordProbe(
  context: EngineContext,
  record: ContainerRecord,
  health: HealthOptions,
  result: HealthProbe,
): Promise<void> {
  const path = containerFolder(context.folders, record.id).health
  const { startedAt, pid, health: before } = readState(context.folders, record)
  if (pid === 0 || !before) return // It ended meanwhile: the probe says nothing.
  const next = nextHealth(before, health, result, startedAt)
  writeFileDurably(path, `${JSON.stringify(next)}\n`, false)
  if (next.status === before.status) return
  publishContainerEvent(context.folders, record, `health_status: ${next.status}`)
  if (next.status === 'unhealthy') await onUnhealthy(context, record, health)
}

/** The state machine of a health check, pure. */
export function nextHealth(
  before: HealthState,
  health: HealthOptions,
  result: HealthProbe,
  startedAt: string | undefined,
): HealthState {
  const log = [...before.log, result].slice(-keptProbes)
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, log }
  if (inStartPeriod(health, startedAt, before.status, Date.parse(result.end)))
    return { status: 'starting', failingStreak: 0, log }
  const failingStreak = before.failingStreak + 1
  const isUnhealthy = failingStreak >= (health.retries ?? 3)
  return { status: isUnhealthy ? 'unhealthy' : before.status, failingStreak, log }
}

function inStartPeriod(
  health: HealthOptions,
  startedAt: string | undefined,
  status: HealthStatus | undefined,
  now = Date.now(),
): boolean {
  if (status === 'healthy' || status === 'unhealthy' || startedAt === undefined) return false
  return now - Date.parse(startedAt) < (health.startPeriodMs ?? 0)
}

async function onUnhealthy(
  context: EngineContext,
  record: ContainerRecord,
  health: HealthOptions,
): Promise<void> {
  if (health.onFailure === 'kill') await killContainer(context, record.id, 'KILL')
  if (health.onFailure === 'stop') await stopContainer(context, record.id, {})
  if (health.onFailure === 'restart') {
    const { restartContainer } = await import('./restart.ts')
    await restartContainer(context, record.id, {})
  }
}
