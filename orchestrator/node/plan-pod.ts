import type { ContainerFacts, ContainerSpec, PodFactsByContainer } from './pod-containers.ts'

export interface PodPlan {
  /** Names of containers to start now. */
  readonly start: readonly string[]
  /** Names of those that are left to stop, once the others have ended for good. */
  readonly stop: readonly string[]
  /** Milliseconds, as `now` counts them: when to look again. */
  readonly lookAgainAt: number | undefined
  /** Nothing will be started any more: the pod has ended like this. */
  readonly ended: 'Succeeded' | 'Failed' | undefined
  /** Whether all init containers have done their work. */
  readonly isInitialized: boolean
}

type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

interface Step {
  readonly start?: string
  readonly at?: number | undefined
}

/**
 * What a pod whose sandbox stands needs next: pure, so that it can be asked after any event.
 * Source: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/ and /sidecar-containers/
 */
export function planPod(
  specs: readonly ContainerSpec[],
  facts: PodFactsByContainer,
  restartPolicy: RestartPolicy,
  now: number,
): PodPlan {
  const of = ({ name }: ContainerSpec): ContainerFacts => facts.get(name) ?? {}
  const mains = specs.filter(({ role }) => role === 'main')
  const hasBegun = mains.some((spec) => of(spec).current !== undefined)
  const init = planInit(specs, of, restartPolicy, now, hasBegun)
  if (init.failed) return { ...nothing, stop: running(specs, of), ended: 'Failed' }
  if (!init.isDone) return { ...nothing, ...merge(init.steps), isInitialized: false }
  const steps = mains.map((spec) => planMain(spec.name, of(spec), restartPolicy, now))
  const isOver = steps.every((step) => step === 'over')
  if (isOver) {
    const failed = mains.some((spec) => of(spec).current?.exitCode !== 0)
    const stop = running(specs, of)
    return { ...nothing, stop, ended: failed ? 'Failed' : 'Succeeded' }
  }
  const ephemeral = specs
    .filter((spec) => spec.role === 'ephemeral' && !of(spec).current && !isHeldBack(of(spec), now))
    .map(({ name }): Step => ({ start: name }))
  const wanted = steps.filter((step) => step !== 'over')
  return { ...nothing, ...merge([...init.steps, ...wanted, ...ephemeral]) }
}

const nothing: PodPlan = {
  start: [],
  stop: [],
  lookAgainAt: undefined,
  ended: undefined,
  isInitialized: true,
}

function merge(steps: readonly Step[]): Pick<PodPlan, 'start' | 'lookAgainAt'> {
  const times = steps.flatMap(({ at }) => at ?? [])
  return {
    start: steps.flatMap(({ start }) => start ?? []),
    lookAgainAt: times.length === 0 ? undefined : Math.min(...times),
  }
}

function running(
  specs: readonly ContainerSpec[],
  of: (spec: ContainerSpec) => ContainerFacts,
): string[] {
  return specs.filter((spec) => of(spec).current?.isRunning).map(({ name }) => name)
}

function isHeldBack({ notBefore = 0 }: ContainerFacts, now: number): boolean {
  return notBefore > now
}

/** Start it, or look again when it may be started. */
function startStep(name: string, facts: ContainerFacts, now: number): Step {
  return isHeldBack(facts, now) ? { at: facts.notBefore } : { start: name }
}

interface InitPlan {
  readonly steps: readonly Step[]
  readonly isDone: boolean
  readonly failed: boolean
}

/** One after the other; a sidecar lets the next one begin when it has started. */
function planInit(
  specs: readonly ContainerSpec[],
  of: (spec: ContainerSpec) => ContainerFacts,
  restartPolicy: RestartPolicy,
  now: number,
  hasBegun: boolean,
): InitPlan {
  const steps: Step[] = []
  for (const spec of specs) {
    const facts = of(spec)
    const { current } = facts
    if (spec.role === 'sidecar') {
      if (!current?.isRunning) steps.push(startStep(spec.name, facts, now))
      if (!hasBegun && !(current?.isRunning && facts.health?.started === true))
        return { steps, isDone: false, failed: false }
    } else if (spec.role === 'init' && !hasBegun) {
      if (current && !current.isRunning && current.exitCode === 0) continue
      if (current?.isRunning) return { steps, isDone: false, failed: false }
      if (current && restartPolicy === 'Never') return { steps, isDone: false, failed: true }
      steps.push(startStep(spec.name, facts, now))
      return { steps, isDone: false, failed: false }
    }
  }
  return { steps, isDone: true, failed: false }
}

function planMain(
  name: string,
  facts: ContainerFacts,
  restartPolicy: RestartPolicy,
  now: number,
): Step | 'over' {
  const { current } = facts
  if (current?.isRunning) return {}
  if (!current) return startStep(name, facts, now)
  const isOver =
    restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && current.exitCode === 0)
  return isOver ? 'over' : startStep(name, facts, now)
}
