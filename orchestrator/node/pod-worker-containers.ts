import { join } from 'node:path'
import type { ContainerRecord } from '../../runtime/container/record.ts'
import type { KubeObject } from '../api/object.ts'
import { listAt, textAt } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import { podLabels } from './container-options.ts'
import { failedRun, followRun, readRun, removeRun } from './container-runs.ts'
import { containerSpecs } from './pod-containers.ts'
import type { ContainerFacts, ContainerRun, ContainerSpec } from './pod-containers.ts'
import { makePodSpans, preciseNow } from './pod-spans.ts'
import type { PodTools } from './pod-tools.ts'
import type { ContainerHealth, ContainerProbes } from './probes/container-probes.ts'
import { startContainerProbes } from './probes/container-probes.ts'
import type { ProbeOutcome } from './probes/probe-outcome.ts'
import type { ProbeTarget } from './probes/run-probe.ts'
import type { ProbeType } from './probes/start-probe.ts'
import { runHook } from './run-hook.ts'
import type { Sandbox } from './sandbox.ts'
import { execForProbe } from './server/container-processes.ts'
import { configReason, StartProblem, startContainerOf } from './start-container.ts'
import { stopRun } from './stop-run.ts'

/** The containers of one pod: what is known of each, and what can be done with them. */
export interface PodContainers {
  readonly facts: ReadonlyMap<string, ContainerFacts>
  /** Take over what an agent before us has started. */
  adopt(records: readonly ContainerRecord[]): void
  /** Begin to start one, unless that has begun; a pull may take minutes, so nobody waits for it. */
  start(spec: ContainerSpec, sandbox: Sandbox, volumes: ReadonlyMap<string, string>): void
  /** Give up starts that are under way. @returns when none is */
  halt(): Promise<void>
  /** What a container's configuration refers to may be there by now: do not wait any longer. */
  retryConfig(): void
  /** @returns when all of them have ended */
  stop(specs: readonly ContainerSpec[], graceSeconds: number): Promise<void>
  /** A stop that is under way has less time than it had. */
  graceChanged(seconds: number): void
  hasFailed(): boolean
  stopProbes(): void
}

interface Options {
  readonly tools: PodTools
  readonly folder: string
  readonly pod: () => KubeObject
  readonly onChange: () => void
  readonly tell: (text: EventText) => void
}

/** Milliseconds before a container whose ConfigMap is not there is tried again. */
const configRetry = 10_000
/** Before what failed for no reason that a status could name is. */
const problemRetry = 2000

interface Start {
  readonly abort: AbortController
  readonly done: Promise<void>
}

/** A container that ran so long, milliseconds, is not counted as one that keeps failing. */
const longRun = 10 * 60 * 1000

export function makePodContainers({ tools, folder, pod, onChange, tell }: Options): PodContainers {
  const { context, restarts, pulls } = tools
  const facts = new Map<string, ContainerFacts>()
  const probes = new Map<string, ContainerProbes>()
  const ends = new Map<string, Promise<unknown>>()
  const starting = new Map<string, Start>()
  const uid = pod().metadata.uid ?? ''
  const spans = makePodSpans(tools, pod())
  let grace = Number.POSITIVE_INFINITY

  const change = (name: string, next: Partial<ContainerFacts>): void => {
    facts.set(name, { ...facts.get(name), ...next })
    onChange()
  }
  const about = (name: string): EventText['fieldPath'] => {
    const role = containerSpecs(pod()).find((spec) => spec.name === name)?.role
    const field =
      role === 'main'
        ? 'containers'
        : role === 'ephemeral'
          ? 'ephemeralContainers'
          : 'initContainers'
    return `spec.${field}{${name}}`
  }
  const tellOf = (name: string, text: EventText): void =>
    tell({ ...text, fieldPath: about(name) ?? '' })
  const messageFile = (name: string, attempt: number): string =>
    join(folder, 'containers', name, `${attempt}.message`)

  /** Look after a run until it ends. */
  function follow(
    spec: ContainerSpec,
    run: ContainerRun,
    ended: Promise<ContainerRun>,
    known?: ContainerHealth,
  ): void {
    const isMine = (): boolean => facts.get(spec.name)?.current?.id === run.id
    const startedAt = Date.parse(run.startedAt ?? '') || Date.now()
    const followedAt = performance.now()
    // The clock may have been set meanwhile; for what this agent saw itself it is not asked again.
    const ageThen = Math.max(0, Date.now() - startedAt)
    beginProbes(spec, run, ageThen, known)
    const done = ended.then((last) => {
      probes.get(spec.name)?.stop()
      probes.delete(spec.name)
      if (!isMine()) return
      if (ageThen + performance.now() - followedAt > longRun) restarts.reset(`${uid}/${spec.name}`)
      ended_(spec, { ...last, isRunning: false })
    })
    ends.set(run.id, done)
    done.catch((error: unknown) => tools.onProblem(`end of container ${spec.name}`, error))
  }

  /** Note how a run ended, and when the next may begin. */
  function ended_(spec: ContainerSpec, run: ContainerRun): void {
    const key = `${uid}/${spec.name}`
    const notBefore = restarts.failed(key, performance.now())
    const delay = restarts.delay(key)
    const isRestarted = willRestart(pod(), spec, run)
    if (!isRestarted || delay === 0)
      return change(spec.name, { current: run, health: undefined, notBefore, waiting: undefined })
    const { name, namespace } = pod().metadata
    const message = `back-off ${formatSeconds(delay)} restarting failed container=${spec.name} pod=${name}_${namespace}(${uid})`
    tellOf(spec.name, {
      type: 'Warning',
      reason: 'BackOff',
      message: `Back-off restarting failed container ${spec.name} in pod ${name}_${namespace}(${uid})`,
    })
    const waiting = { reason: 'CrashLoopBackOff', message }
    change(spec.name, { current: run, health: undefined, notBefore, waiting })
  }

  function beginProbes(
    spec: ContainerSpec,
    run: ContainerRun,
    ageMs: number,
    known: ContainerHealth | undefined,
  ): void {
    probes.get(spec.name)?.stop()
    const target: ProbeTarget = {
      container: spec.spec,
      podIP: textAt(pod(), ['status', 'podIP']) ?? sandboxAddress,
      exec: (command, timeoutMs) => execForProbe(context, run.id, command, timeoutMs),
    }
    const running = startContainerProbes({
      target,
      containerAgeMs: ageMs,
      known,
      onChange: (health) => change(spec.name, { health }),
      onUnhealthy: (type, graceSeconds) => {
        const message = `Container ${spec.name} failed ${type.toLowerCase()} probe, will be restarted`
        tellOf(spec.name, { type: 'Normal', reason: 'Killing', message })
        const seconds = graceSeconds ?? graceOfPod()
        void stopOne(spec, run, seconds).catch((error: unknown) =>
          tools.onProblem(`stop ${spec.name}`, error),
        )
      },
      onEvent: (event) => tellOf(spec.name, event),
      onOutcome: traceFirstSuccess(spec.name),
    })
    probes.set(spec.name, running)
    facts.set(spec.name, { ...facts.get(spec.name), health: running.health() })
  }

  const graceOfPod = (): number => Number(pod().spec?.['terminationGracePeriodSeconds'] ?? 30)
  let sandboxAddress = ''

  function begin(spec: ContainerSpec, ...place: [Sandbox, ReadonlyMap<string, string>]): void {
    if (starting.has(spec.name)) return
    const abort = new AbortController()
    const done = start(spec, ...place, abort.signal)
      .catch((error: unknown) => {
        tools.onProblem(`start container ${spec.name} of pod ${uid}`, error)
        change(spec.name, { notBefore: performance.now() + problemRetry })
      })
      .finally(() => {
        starting.delete(spec.name)
        onChange()
      })
    starting.set(spec.name, { abort, done })
  }

  async function start(
    spec: ContainerSpec,
    sandbox: Sandbox,
    volumes: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<void> {
    sandboxAddress = sandbox.address === '' ? tools.nodeAddress : sandbox.address
    const { current } = facts.get(spec.name) ?? {}
    const attempt = current ? current.attempt + 1 : 0
    const begun = preciseNow()
    try {
      const { run, ended } = await startContainerOf(tools, {
        pod: pod(),
        container: spec,
        attempt,
        folder,
        sandbox,
        volumes,
        signal,
        tell: (text) => tellOf(spec.name, text),
        spans,
      })
      pulls.reset(`${uid}/${spec.name}`)
      await replace(spec.name, run)
      follow(spec, run, ended)
      spans.record(`start container ${spec.name}`, begun, {
        container: run.id.slice(0, 12),
        image: textAt(spec.spec, ['image']) ?? '',
      })
      void afterStart(spec, run)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof StartProblem)) throw error
      refused(spec, attempt, error)
    }
  }

  /** From the start of the probes on: how long it took until one of each type succeeded. */
  function traceFirstSuccess(name: string): (type: ProbeType, outcome: ProbeOutcome) => void {
    const begun = preciseNow()
    const seen = new Set<ProbeType>()
    return (type, outcome) => {
      if (outcome.result !== 'success' || seen.has(type)) return
      seen.add(type)
      spans.record(`first ${type.toLowerCase()} probe of ${name} that succeeds`, begun)
    }
  }

  /** The run before the last one is no longer of interest to anybody. */
  async function replace(name: string, run: ContainerRun): Promise<void> {
    const before = facts.get(name)
    facts.set(name, { current: run, previous: before?.current })
    if (before?.previous) await removeRun(context, before.previous.id)
  }

  function refused(spec: ContainerSpec, attempt: number, problem: StartProblem): void {
    const now = performance.now()
    if (problem.kind === 'run') {
      const before = facts.get(spec.name)
      facts.set(spec.name, { ...before, previous: before?.current })
      return ended_(spec, failedRun(attempt, problem.cause))
    }
    if (problem.kind === 'config')
      return change(spec.name, { waiting: problem.waiting, notBefore: now + configRetry })
    const key = `${uid}/${spec.name}`
    const notBefore = pulls.failed(key, now)
    const delay = pulls.delay(key)
    change(spec.name, { waiting: problem.waiting, notBefore })
    // The next look says that it waits; the one of now says why.
    const image = textAt(spec.spec, ['image']) ?? ''
    setTimeout(
      () => {
        if (facts.get(spec.name)?.waiting !== problem.waiting) return
        if (problem.waiting.reason !== 'ErrImagePull') return
        const message = `Back-off pulling image "${image}"`
        tellOf(spec.name, { type: 'Normal', reason: 'BackOff', message })
        tellOf(spec.name, { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' })
        change(spec.name, {
          waiting: {
            reason: 'ImagePullBackOff',
            message: `${message}: ${problem.waiting.message}`,
          },
        })
      },
      Math.min(1000, delay / 4),
    ).unref()
  }

  async function afterStart(spec: ContainerSpec, run: ContainerRun): Promise<void> {
    const hook = spec.spec['lifecycle'] as { postStart?: object } | undefined
    if (!hook?.postStart) return
    const target = {
      container: spec.spec,
      podIP: sandboxAddress,
      exec: (command: readonly string[], ms: number) => execForProbe(context, run.id, command, ms),
    }
    const failure = await runHook(target, hook.postStart, graceOfPod() * 1000)
    if (failure === undefined) return
    tellOf(spec.name, { type: 'Warning', reason: 'FailedPostStartHook', message: failure })
    tellOf(spec.name, { type: 'Normal', reason: 'Killing', message: 'FailedPostStartHook' })
    await stopOne(spec, run, graceOfPod())
  }

  async function stopOne(spec: ContainerSpec, run: ContainerRun, seconds: number): Promise<void> {
    const hook = (spec.spec['lifecycle'] as { preStop?: object } | undefined)?.preStop
    const target = {
      container: spec.spec,
      podIP: sandboxAddress,
      exec: (command: readonly string[], ms: number) => execForProbe(context, run.id, command, ms),
    }
    const begun = performance.now()
    if (hook && seconds > 0) {
      const failure = await runHook(target, hook, seconds * 1000)
      if (failure !== undefined)
        tellOf(spec.name, { type: 'Warning', reason: 'FailedPreStopHook', message: failure })
    }
    const signal = textAt(spec.spec, ['lifecycle', 'stopSignal'])
    const deadline = (): number => begun + Math.min(seconds, grace) * 1000
    await stopRun(context, run.id, { deadline, signal })
    await ends.get(run.id)
  }

  return {
    facts,
    adopt: (records) => {
      for (const spec of containerSpecs(pod())) {
        const own = records.filter(
          ({ options }) => options.labels[podLabels.container] === spec.name,
        )
        const runs = own.map((record) =>
          readRun(context, record, messageFile(spec.name, attemptOf(record))),
        )
        const [previous, current] = [runs.at(-2), runs.at(-1)]
        const record = own.at(-1)
        if (!current || !record) continue
        facts.set(spec.name, { current, previous })
        if (current.isRunning)
          follow(
            spec,
            current,
            followRun(context, record, messageFile(spec.name, current.attempt)),
            knownHealth(pod(), spec.name),
          )
      }
    },
    start: begin,
    halt: async () => {
      const all = [...starting.values()]
      for (const { abort } of all) abort.abort()
      await Promise.all(all.map(({ done }) => done))
    },
    retryConfig: () => {
      for (const [name, { waiting }] of facts)
        if (waiting?.reason === configReason) change(name, { notBefore: 0 })
    },
    stop: async (specs, seconds) => {
      await Promise.all(
        specs.map(async (spec) => {
          const { current } = facts.get(spec.name) ?? {}
          if (!current?.isRunning) return
          probes.get(spec.name)?.stop()
          tellOf(spec.name, {
            type: 'Normal',
            reason: 'Killing',
            message: `Stopping container ${spec.name}`,
          })
          await stopOne(spec, current, seconds)
        }),
      )
    },
    graceChanged: (seconds) => void (grace = seconds),
    hasFailed: () =>
      containerSpecs(pod()).some(({ name, role }) => {
        const { current } = facts.get(name) ?? {}
        return role === 'main' && (current === undefined || current.exitCode !== 0)
      }),
    stopProbes: () => {
      for (const probe of probes.values()) probe.stop()
    },
  }
}

function attemptOf({ options }: ContainerRecord): number {
  return Number(options.labels[podLabels.attempt] ?? 0)
}

/** What the API was told last of a container that is taken over. */
function knownHealth(pod: KubeObject, name: string): ContainerHealth | undefined {
  const status = ['containerStatuses', 'initContainerStatuses']
    .flatMap((field) => listAt(pod, ['status', field]))
    .find((it) => it['name'] === name)
  return status && { started: status['started'] === true, ready: status['ready'] === true }
}

function willRestart(
  pod: KubeObject,
  { role }: ContainerSpec,
  { exitCode }: ContainerRun,
): boolean {
  if (pod.metadata.deletionTimestamp !== undefined || role === 'ephemeral') return false
  if (role === 'sidecar') return true
  const policy = textAt(pod, ['spec', 'restartPolicy'])
  if (role === 'init') return exitCode !== 0 && policy !== 'Never'
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never'
}

/** `10s`, `1m20s`, `5m0s`: as Go prints them. */
function formatSeconds(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
