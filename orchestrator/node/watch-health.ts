import type { ContainerOwner } from './container-owner.ts'
import { probeTarget } from './container-hooks.ts'
import type { ContainerRun, ContainerSpec } from './pod-containers.ts'
import { preciseNow } from './pod-spans.ts'
import { specGrace } from './pod-times.ts'
import type { ContainerHealth, ContainerProbes } from './probes/container-probes.ts'
import { startContainerProbes } from './probes/container-probes.ts'
import type { ProbeOutcome } from './probes/probe-outcome.ts'
import type { ProbeType } from './probes/start-probe.ts'
import type { EventText } from '../client/event-recorder.ts'

interface HealthWatch {
  readonly run: ContainerRun
  /** Milliseconds since it was started. */
  readonly age: number
  /** What was last known of a container that is taken over. */
  readonly known: ContainerHealth | undefined
  readonly onChange: (health: ContainerHealth) => void
  /** It has to be stopped, within so many seconds. */
  readonly onUnhealthy: (graceSeconds: number) => void
  readonly tell: (text: EventText) => void
}

const countedAs = {
  success: 'successful',
  warning: 'successful',
  failure: 'failed',
  error: 'unknown',
} as const

/** Probe one run of a container until it ends. */
export function watchHealth(
  owner: ContainerOwner,
  spec: ContainerSpec,
  { run, age, known, onChange, onUnhealthy, tell }: HealthWatch,
): ContainerProbes {
  const traced = traceFirstSuccess(owner, spec.name)
  return startContainerProbes({
    target: probeTarget(owner, spec, run),
    containerAgeMs: age,
    known,
    onChange,
    onUnhealthy: (type, graceSeconds) => {
      const message = `Container ${spec.name} failed ${type.toLowerCase()} probe, will be restarted`
      tell({ type: 'Normal', reason: 'Killing', message })
      onUnhealthy(graceSeconds ?? specGrace(owner.pod()))
    },
    onEvent: tell,
    onOutcome: (type, outcome) => {
      owner.tools.metrics.countProbe(type, countedAs[outcome.result], owner.pod())
      traced(type, outcome)
    },
  })
}

/** From the start of the probes on: how long it took until one of each type succeeded. */
function traceFirstSuccess(
  { spans }: ContainerOwner,
  name: string,
): (type: ProbeType, outcome: ProbeOutcome) => void {
  const begun = preciseNow()
  const seen = new Set<ProbeType>()
  return (type, outcome) => {
    if (outcome.result !== 'success' || seen.has(type)) return
    seen.add(type)
    spans.record(`first ${type.toLowerCase()} probe of ${name} that succeeds`, begun)
  }
}
