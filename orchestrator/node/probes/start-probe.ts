import { setTimeout as delay } from 'node:timers/promises'
import type { JsonObject } from '../../api/object.ts'
import { numberAt } from '../../api/object.ts'
import { countOutcomes } from './count-outcomes.ts'
import type { ProbeOutcome } from './probe-outcome.ts'
import { runProbe } from './run-probe.ts'
import type { ProbeTarget } from './run-probe.ts'

export type ProbeType = 'Liveness' | 'Readiness' | 'Startup'

export interface ProbeEvent {
  readonly type: 'Warning'
  readonly reason: 'Unhealthy' | 'ProbeWarning'
  /** `Readiness probe failed: HTTP probe failed with statuscode: 503` */
  readonly message: string
}

export interface ProbeOptions {
  readonly type: ProbeType
  /** `livenessProbe` and its like, with its defaults. */
  readonly probe: JsonObject
  readonly target: ProbeTarget
  /** Milliseconds since the container was started, when the probe is. Default 0. */
  readonly containerAgeMs?: number | undefined
  /** Each time that a threshold is reached with another result than the last. @returns false to end */
  onResult(isGood: boolean): boolean
  readonly onEvent: (event: ProbeEvent) => void
  onOutcome?(outcome: ProbeOutcome): void
}

export interface RunningProbe {
  stop(): void
}

/** A probe that cannot be run at all is tried so often before the failure is told. */
const mostAttempts = 3

/** Look at a container again and again until stopped. */
export function startProbe(options: ProbeOptions): RunningProbe {
  const stopping = new AbortController()
  // It never rejects but by the stop.
  repeat(options, stopping.signal).catch(() => undefined)
  return { stop: () => stopping.abort() }
}

async function repeat(options: ProbeOptions, signal: AbortSignal): Promise<void> {
  const { probe, containerAgeMs = 0 } = options
  const seconds = (field: string, usual: number): number =>
    (numberAt(probe, [field]) ?? usual) * 1000
  const periodMs = seconds('periodSeconds', 10)
  const timeoutMs = seconds('timeoutSeconds', 1)
  const counter = countOutcomes({
    success: numberAt(probe, ['successThreshold']) ?? 1,
    failure: numberAt(probe, ['failureThreshold']) ?? 3,
  })
  await delay(Math.max(0, seconds('initialDelaySeconds', 0) - containerAgeMs), undefined, {
    signal,
  })
  let last: boolean | undefined
  for (;;) {
    const begun = performance.now()
    const outcome = await attempt(options, timeoutMs)
    if (signal.aborted) return
    options.onOutcome?.(outcome)
    tell(options, outcome)
    const counts =
      outcome.result === 'error' ? undefined : counter.add(outcome.result !== 'failure')
    if (counts !== undefined && counts !== last) {
      last = counts
      if (!options.onResult(counts)) return
    }
    await delay(Math.max(0, begun + periodMs - performance.now()), undefined, { signal })
  }
}

async function attempt({ target, probe }: ProbeOptions, timeoutMs: number): Promise<ProbeOutcome> {
  let outcome = await runProbe(target, probe, timeoutMs)
  for (let tries = 1; tries < mostAttempts && outcome.result === 'error'; tries++)
    outcome = await runProbe(target, probe, timeoutMs)
  return outcome
}

const told: Readonly<Record<ProbeOutcome['result'], string | undefined>> = {
  success: undefined,
  warning: 'warning',
  failure: 'failed',
  error: 'errored and resulted in unknown state',
}

function tell({ type, onEvent }: ProbeOptions, { result, message }: ProbeOutcome): void {
  const verb = told[result]
  if (verb === undefined) return
  const reason = result === 'warning' ? 'ProbeWarning' : 'Unhealthy'
  onEvent({ type: 'Warning', reason, message: `${type} probe ${verb}: ${message}` })
}
