import { textAt } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import { runLifecycleHook } from './container-hooks.ts'
import type { ContainerOwner } from './container-owner.ts'
import { failedRun, removeRun } from './container-runs.ts'
import { containerField, crashLoopWords, imageBackOffWords } from './container-words.ts'
import type { WaitingWords } from './container-words.ts'
import type { ContainerFacts, ContainerRun, ContainerSpec } from './pod-containers.ts'
import { preciseNow } from './pod-spans.ts'
import { specGrace } from './pod-times.ts'
import type { ContainerHealth, ContainerProbes } from './probes/container-probes.ts'
import type { Sandbox } from './sandbox.ts'
import { configReason, StartProblem, startContainerOf } from './start-container.ts'
import { stopRun } from './stop-run.ts'
import { watchHealth } from './watch-health.ts'
import { willRestart } from './will-restart.ts'

/** Where a container starts. */
export interface ContainerPlace {
  readonly sandbox: Sandbox
  /** By name: where each volume is on this node. */
  readonly volumes: ReadonlyMap<string, string>
}

/** Milliseconds before a container whose ConfigMap is not there is tried again. */
const configRetry = 10_000
/** Before what failed for no reason that a status could name is. */
const problemRetry = 2000
/** A container that ran so long is not counted as one that keeps failing. */
const longRun = 10 * 60 * 1000
/** An image that could not be pulled is shown as such so long at most, then as one that is waited for. */
const problemShown = 1000

const countedTypes = {
  main: 'container',
  init: 'init_container',
  sidecar: 'init_container',
  ephemeral: 'ephemeral_container',
} as const

/** One container of a pod: starts it, looks after each of its runs, stops it. */
export class ContainerWorker {
  readonly #owner: ContainerOwner
  readonly #key: string
  #spec: ContainerSpec
  #probes: ContainerProbes | undefined
  #ending: { readonly id: string; readonly done: Promise<void> } | undefined
  #starting: { readonly abort: AbortController; readonly done: Promise<void> } | undefined

  constructor(owner: ContainerOwner, spec: ContainerSpec) {
    this.#owner = owner
    this.#spec = spec
    this.#key = `${owner.uid}/${spec.name}`
  }

  /** As the pod has it now. */
  update(spec: ContainerSpec): void {
    this.#spec = spec
  }

  get facts(): ContainerFacts {
    return this.#owner.facts.get(this.#spec.name) ?? {}
  }

  /** Begin to start it, unless that has begun; a pull may take minutes, so nobody waits for it. */
  start(place: ContainerPlace): void {
    if (this.#starting) return
    const abort = new AbortController()
    const done = this.#start(place, abort.signal)
      .catch((error: unknown) => {
        this.#problem('start', error)
        this.#change({ notBefore: performance.now() + problemRetry })
      })
      .finally(() => {
        this.#starting = undefined
        this.#owner.onChange()
      })
    this.#starting = { abort, done }
  }

  /** Give up a start that is under way. @returns when there is none */
  async halt(): Promise<void> {
    this.#starting?.abort.abort()
    await this.#starting?.done
  }

  /** What its configuration refers to may be there by now: do not wait any longer. */
  retryConfig(): void {
    if (this.facts.waiting?.reason === configReason) this.#change({ notBefore: 0 })
  }

  /** @returns when it has ended */
  async stop(graceSeconds: number): Promise<void> {
    const { current } = this.facts
    if (!current?.isRunning) return
    this.stopProbes()
    const message = `Stopping container ${this.#spec.name}`
    this.#tell({ type: 'Normal', reason: 'Killing', message })
    await this.#stopRun(current, graceSeconds)
  }

  stopProbes(): void {
    this.#probes?.stop()
  }

  /** Look after a run until it ends. @param known what was last known of one that is taken over */
  follow(run: ContainerRun, ended: Promise<ContainerRun>, known?: ContainerHealth): void {
    const startedAt = Date.parse(run.startedAt ?? '') || Date.now()
    const followedAt = performance.now()
    // The clock may have been set meanwhile; for what this agent saw itself it is not asked again.
    const ageThen = Math.max(0, Date.now() - startedAt)
    this.#watchHealth(run, ageThen, known)
    const done = ended.then((last) => {
      this.stopProbes()
      if (this.facts.current?.id !== run.id) return
      const age = ageThen + performance.now() - followedAt
      if (age > longRun) this.#owner.tools.restarts.reset(this.#key)
      this.#hasEnded({ ...last, isRunning: false })
    })
    this.#ending = { id: run.id, done }
    done.catch((error: unknown) => this.#problem('end of', error))
  }

  async #start(place: ContainerPlace, signal: AbortSignal): Promise<void> {
    const { tools, folder, spans } = this.#owner
    const container = this.#spec
    const { current } = this.facts
    const attempt = current ? current.attempt + 1 : 0
    const begun = preciseNow()
    try {
      const { run, ended } = await startContainerOf(tools, {
        ...place,
        pod: this.#owner.pod(),
        container,
        attempt,
        folder,
        signal,
        tell: (text) => this.#tell(text),
        spans,
      })
      tools.pulls.reset(this.#key)
      this.#countStart(attempt)
      await this.#replace(run)
      this.follow(run, ended)
      spans.record(`start container ${container.name}`, begun, {
        container: run.id.slice(0, 12),
        image: this.#image,
      })
      void this.#afterStart(run).catch((error: unknown) => this.#problem('postStart of', error))
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof StartProblem)) throw error
      this.#refused(attempt, error)
    }
  }

  #countStart(attempt: number): void {
    const { tools } = this.#owner
    const { name, role } = this.#spec
    tools.metrics.countStartedContainer(countedTypes[role])
    const { metadata } = this.#owner.pod()
    if (attempt > 0) tools.metrics.countRestart(metadata.namespace ?? '', metadata.name ?? '', name)
  }

  /** The run before the last one is no longer of interest to anybody. */
  async #replace(run: ContainerRun): Promise<void> {
    const before = this.facts
    this.#owner.facts.set(this.#spec.name, { current: run, previous: before.current })
    if (before.previous) await removeRun(this.#owner.tools.context, before.previous.id)
  }

  #refused(attempt: number, problem: StartProblem): void {
    const now = performance.now()
    switch (problem.kind) {
      case 'run':
        this.#owner.facts.set(this.#spec.name, { ...this.facts, previous: this.facts.current })
        return this.#hasEnded(failedRun(attempt, problem.cause))
      case 'config':
        return this.#change({ waiting: problem.waiting, notBefore: now + configRetry })
      case 'image':
        return this.#waitForImage(problem, now)
    }
  }

  #waitForImage({ waiting }: StartProblem, now: number): void {
    const { pulls } = this.#owner.tools
    this.#change({ waiting, notBefore: pulls.failed(this.#key, now) })
    if (waiting.reason !== 'ErrImagePull') return
    // The next look says that it waits; the one of now says why.
    const sayLater = (): void => {
      if (this.facts.waiting === waiting)
        this.#wait(imageBackOffWords(this.#image, waiting.message))
    }
    setTimeout(sayLater, Math.min(problemShown, pulls.delay(this.#key) / 4)).unref()
  }

  /** Note how a run ended, and when the next may begin. */
  #hasEnded(current: ContainerRun): void {
    const { restarts } = this.#owner.tools
    const notBefore = restarts.failed(this.#key, performance.now())
    const delay = restarts.delay(this.#key)
    const pod = this.#owner.pod()
    const ended = { current, health: undefined, notBefore }
    if (!willRestart(pod, this.#spec, current) || delay === 0)
      return this.#change({ ...ended, waiting: undefined })
    this.#wait(crashLoopWords(pod, this.#spec.name, delay), ended)
  }

  #watchHealth(run: ContainerRun, age: number, known: ContainerHealth | undefined): void {
    this.stopProbes()
    const probes = watchHealth(this.#owner, this.#spec, {
      run,
      age,
      known,
      onChange: (health) => this.#change({ health }),
      onUnhealthy: (graceSeconds) =>
        void this.#stopRun(run, graceSeconds).catch((error: unknown) =>
          this.#problem('stop', error),
        ),
      tell: (text) => this.#tell(text),
    })
    this.#probes = probes
    this.#owner.facts.set(this.#spec.name, { ...this.facts, health: probes.health() })
  }

  async #afterStart(run: ContainerRun): Promise<void> {
    const seconds = specGrace(this.#owner.pod())
    const moment = { name: 'postStart', seconds } as const
    const failure = await runLifecycleHook(this.#owner, this.#spec, run, moment)
    if (failure === undefined) return
    this.#tell({ type: 'Warning', reason: 'FailedPostStartHook', message: failure })
    this.#tell({ type: 'Normal', reason: 'Killing', message: 'FailedPostStartHook' })
    await this.#stopRun(run, seconds)
  }

  async #stopRun(run: ContainerRun, seconds: number): Promise<void> {
    const begun = performance.now()
    const moment = { name: 'preStop', seconds } as const
    const failure = await runLifecycleHook(this.#owner, this.#spec, run, moment)
    if (failure !== undefined)
      this.#tell({ type: 'Warning', reason: 'FailedPreStopHook', message: failure })
    await stopRun(this.#owner.tools.context, run.id, {
      deadline: () => begun + Math.min(seconds, this.#owner.mostGrace()) * 1000,
      signal: textAt(this.#spec.spec, ['lifecycle', 'stopSignal']),
    })
    if (this.#ending?.id === run.id) await this.#ending.done
  }

  get #image(): string {
    return textAt(this.#spec.spec, ['image']) ?? ''
  }

  #change(next: Partial<ContainerFacts>): void {
    this.#owner.facts.set(this.#spec.name, { ...this.facts, ...next })
    this.#owner.onChange()
  }

  #wait({ waiting, events }: WaitingWords, next: Partial<ContainerFacts> = {}): void {
    for (const event of events) this.#tell(event)
    this.#change({ ...next, waiting })
  }

  #tell(text: EventText): void {
    this.#owner.tell({ ...text, fieldPath: containerField(this.#spec) })
  }

  #problem(what: string, error: unknown): void {
    this.#owner.tools.onProblem(
      `${what} container ${this.#spec.name} of pod ${this.#owner.uid}`,
      error,
    )
  }
}
