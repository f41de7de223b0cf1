import type { JsonObject } from '../../api/object.ts'
import { isObject, numberAt } from '../../api/object.ts'
import type { ProbeOutcome } from './probe-outcome.ts'
import type { ProbeTarget } from './run-probe.ts'
import type { ProbeEvent, ProbeType, RunningProbe } from './start-probe.ts'
import { startProbe } from './start-probe.ts'

/** What a container's status says of it. */
export interface ContainerHealth {
  /** `started`: its startup probe has succeeded, or there is none. */
  readonly started: boolean
  readonly ready: boolean
}

export interface ContainerProbesOptions {
  readonly target: ProbeTarget
  /** Milliseconds since the container was started; more than 0 when an agent takes over one that runs. */
  readonly containerAgeMs?: number | undefined
  /** What was last known of a container that is taken over. */
  readonly known?: ContainerHealth | undefined
  onChange(health: ContainerHealth): void
  /**
   * A liveness or startup probe has failed for good: the container is to be killed. No probe runs any more.
   *
   * @param graceSeconds the probe's own; absent: the pod's
   */
  onUnhealthy(type: 'Liveness' | 'Startup', graceSeconds: number | undefined): void
  readonly onEvent: (event: ProbeEvent) => void
  onOutcome?(type: ProbeType, outcome: ProbeOutcome): void
}

export interface ContainerProbes {
  health(): ContainerHealth
  stop(): void
}

/** All probes of one run of a container: the startup probe first, the others once it has succeeded. */
export function startContainerProbes(options: ContainerProbesOptions): ContainerProbes {
  const { container } = options.target
  const [startup, readiness, liveness] = ['startupProbe', 'readinessProbe', 'livenessProbe'].map(
    (field) => (isObject(container[field]) ? container[field] : undefined),
  )
  const begunAt = performance.now()
  const running: RunningProbe[] = []
  const started = !startup || options.known?.started === true
  let health: ContainerHealth = {
    started,
    ready: readiness ? started && options.known?.ready === true : started,
  }
  const stop = (): void => {
    for (const probe of running) probe.stop()
  }
  const change = (next: ContainerHealth): void => {
    const isNew = next.started !== health.started || next.ready !== health.ready
    health = next
    if (isNew) options.onChange(next)
  }
  const begin = (
    type: ProbeType,
    probe: JsonObject,
    onResult: (isGood: boolean) => boolean,
  ): void => {
    const containerAgeMs = (options.containerAgeMs ?? 0) + performance.now() - begunAt
    const onOutcome = (outcome: ProbeOutcome): void => options.onOutcome?.(type, outcome)
    const { target, onEvent } = options
    running.push(startProbe({ type, probe, target, containerAgeMs, onResult, onEvent, onOutcome }))
  }
  const giveUp = (type: 'Liveness' | 'Startup', probe: JsonObject): false => {
    stop()
    options.onUnhealthy(type, numberAt(probe, ['terminationGracePeriodSeconds']))
    return false
  }
  const beginOthers = (): void => {
    if (readiness)
      begin('Readiness', readiness, (ready) => {
        change({ ...health, ready })
        return true
      })
    if (liveness) begin('Liveness', liveness, (isGood) => isGood || giveUp('Liveness', liveness))
  }
  if (!startup || started) beginOthers()
  else
    begin('Startup', startup, (isGood) => {
      if (!isGood) return giveUp('Startup', startup)
      change({ started: true, ready: readiness === undefined })
      beginOthers()
      return false
    })
  return { health: () => health, stop }
}
