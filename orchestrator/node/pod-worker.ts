import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../native/error.ts'
import type { ContainerRecord } from '../../runtime/container/record.ts'
import type { KubeObject } from '../api/object.ts'
import { numberAt, textAt } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { EventText } from '../client/event-recorder.ts'
import { removeRun } from './container-runs.ts'
import { withdrawLogs } from './logs/publish-log.ts'
import { makePodGroup, removePodGroup } from './pod-cgroup.ts'
import { planPod } from './plan-pod.ts'
import { containerSpecs, restartPolicyOf } from './pod-containers.ts'
import type { ContainerFacts, ContainerSpec } from './pod-containers.ts'
import { makePodContainers } from './pod-worker-containers.ts'
import { makePodFiles, removePodFiles } from './pod-files.ts'
import { removeSharedProcesses, sharedProcesses, sharesProcesses } from './pod-processes.ts'
import { podStatus } from './pod-status.ts'
import { makePodSpans } from './pod-spans.ts'
import type { PodTools } from './pod-tools.ts'
import { findSandbox, makeSandbox, removeSandbox } from './sandbox.ts'
import type { Sandbox } from './sandbox.ts'
import { podFacts } from './start-container.ts'
import { makeStatusSender } from './status-sender.ts'
import { stopPod } from './stop-pod.ts'
import { exceededLimit } from './volumes/empty-dir-limit.ts'
import { limitedEmptyDirs, removePodVolumes, updatePodVolumes } from './volumes/pod-volumes.ts'

/** Brings one pod to what the API wants of it, and tells the API how it is. */
export interface PodWorker {
  /** As the API has it now. */
  update(pod: KubeObject): void
  /** Something outside changed that it may depend on: a ConfigMap, a minute that has passed. */
  refresh(): void
  readonly pod: KubeObject
  facts(container: string): ContainerFacts
  readonly sandbox: Sandbox | undefined
  /** It runs nothing and holds nothing any more. */
  readonly isGone: boolean
  /** Do nothing more; containers go on. */
  stop(): Promise<void>
}

const kind = { apiVersion: 'v1', kind: 'Pod' }
/** Milliseconds before a sandbox or a volume that failed is tried again. */
const retryAfter = 2000

/** @param known runs of its containers that an agent before us has started, oldest first */
export function startPodWorker(
  tools: PodTools,
  first: KubeObject,
  known: readonly ContainerRecord[],
  onGone: () => void,
): PodWorker {
  const uid = first.metadata.uid ?? ''
  const folder = join(tools.podsFolder, uid)
  const spans = makePodSpans(tools, first)
  const sender = makeStatusSender(tools.client, first, {
    spans,
    onProblem: (error) => tools.onProblem(`status of pod ${first.metadata.name}`, error),
  })
  const startTime = textAt(first, ['status', 'startTime']) ?? now()
  let pod = first
  let sandbox = findSandbox(folder, first)
  let volumes: ReadonlyMap<string, string> = new Map()
  let ended = endOf(first)
  let verdict: { reason?: string; message?: string } = {}
  let measuredAt = performance.now()
  let hasGroup = false
  let isInitialized = false
  let isGone = false
  let isEnding = false
  let running: Promise<void> | undefined
  const loopState = { again: false, isStopped: false }
  let timer: NodeJS.Timeout | undefined

  const tell = (text: EventText): void => tools.tell(pod, text)
  const containers = makePodContainers({
    tools,
    folder,
    pod: () => pod,
    // The loop is held up while all of it is ended.
    onChange: () => (isEnding ? report() : wake()),
    tell,
  })
  containers.adopt(known)

  function report(): void {
    if (isGone) return
    const status = podStatus(pod, containers.facts, {
      hasSandbox: sandbox !== undefined,
      addresses: sandbox ? podFacts(tools, sandbox).podIPs : [],
      hostAddress: tools.nodeAddress,
      isInitialized,
      ended,
      startTime,
      now: now(),
      ...verdict,
    })
    sender.send(status)
  }

  async function prepare(): Promise<boolean> {
    const facts = { ...podFacts(tools, { address: sandbox?.address ?? '' }) }
    const request = { pod, folder, facts, sources: tools.sources }
    const { paths, failures } = await (sandbox
      ? updatePodVolumes(request)
      : spans.measure('mount volumes', () => updatePodVolumes(request)))
    volumes = paths
    for (const { message } of failures) tell({ type: 'Warning', reason: 'FailedMount', message })
    if (failures.length > 0) return false
    try {
      // Also where the sandbox was found: groups do not outlive the machine's power, for one.
      if (!hasGroup) makePodGroup(tools.context.facts, pod)
      hasGroup = true
      sandbox ??= await buildSandbox()
      if (!sharesProcesses(pod)) return true
      const processes = await sharedProcesses(tools.context, folder, pod, sandbox)
      sandbox = { ...sandbox, processes }
      return true
    } catch (error) {
      const message = `Failed to create pod sandbox: ${describeError(error)}`
      tell({ type: 'Warning', reason: 'FailedCreatePodSandBox', message })
      return false
    }
  }

  async function buildSandbox(): Promise<Sandbox> {
    const made = await spans.measure(
      'make sandbox',
      () => makeSandbox(tools, folder, pod),
      ({ address }) => ({ address }),
    )
    const address = podFacts(tools, made).podIPs[0] ?? ''
    makePodFiles(folder, pod, { address, resolvConf: tools.resolvConf(pod) })
    return made
  }

  /** One look at what is wanted and what is. */
  async function sync(): Promise<void> {
    if (isGone) return
    if (pod.metadata.deletionTimestamp !== undefined) return terminate()
    if (ended) return report()
    const deadline = deadlineOf(pod, startTime)
    if (deadline !== undefined && deadline <= Date.now()) return expire()
    if (!(await prepare())) {
      report()
      return lookAgain(retryAfter)
    }
    const message = await exceeding()
    if (message !== undefined) {
      tell({ type: 'Warning', reason: 'Evicted', message })
      return fail({ reason: 'Evicted', message }, 0)
    }
    const specs = containerSpecs(pod)
    const plan = planPod(specs, containers.facts, restartPolicyOf(pod), performance.now())
    isInitialized = plan.isInitialized
    if (plan.ended) {
      await containers.halt()
      await containers.stop(pick(specs, plan.stop), graceOf(pod))
      ended = plan.ended
      return finish()
    }
    const standing = sandbox!
    report()
    for (const spec of pick(specs, plan.start)) containers.start(spec, standing, volumes)
    const waits = [
      ...(plan.lookAgainAt === undefined ? [] : [plan.lookAgainAt - performance.now()]),
      ...(deadline === undefined ? [] : [deadline - Date.now()]),
    ]
    if (waits.length > 0) lookAgain(Math.min(...waits))
  }

  /** The node ends the pod, for a reason of its own. */
  async function fail(why: { reason: string; message: string }, grace: number): Promise<void> {
    await stopPod(containers, pod, grace)
    ended = 'Failed'
    verdict = why
    await finish()
  }

  const expire = (): Promise<void> =>
    fail(
      {
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      },
      graceOf(pod),
    )

  /** Its disk usage is looked at now and then only: that walks through all of it. */
  async function exceeding(): Promise<string | undefined> {
    if (performance.now() - measuredAt < tools.measureEvery) return undefined
    measuredAt = performance.now()
    return exceededLimit(limitedEmptyDirs(pod, volumes))
  }

  /** It has ended by itself: its namespaces and volumes go, its containers stay for their logs. */
  async function finish(): Promise<void> {
    report()
    await sender.settled()
    await letGo()
  }

  async function letGo(): Promise<void> {
    if (sharesProcesses(pod)) await removeSharedProcesses(tools.context, uid)
    removePodVolumes(folder)
    removePodFiles(folder)
    removeSandbox(folder)
    tools.network.release(uid)
    sandbox = undefined
    try {
      removePodGroup(tools.context.facts, uid)
    } catch (error) {
      tools.onProblem(`control group of pod ${uid}`, error)
    }
  }

  async function terminate(): Promise<void> {
    isEnding = true
    await stopPod(containers, pod, graceOf(pod))
    ended ??= containers.hasFailed() ? 'Failed' : 'Succeeded'
    report()
    await sender.settled()
    await letGo()
    for (const { current, previous } of containers.facts.values())
      for (const run of [current, previous]) if (run) await removeRun(tools.context, run.id)
    withdrawLogs(tools.logsFolder, pod)
    rmSync(folder, { recursive: true, force: true })
    tools.restarts.forget(`${uid}/`)
    tools.pulls.forget(`${uid}/`)
    await deleteFromApi()
    isGone = true
    onGone()
  }

  /** Only now may another pod have its name. */
  async function deleteFromApi(): Promise<void> {
    const { name = '', namespace } = pod.metadata
    try {
      const options = { gracePeriodSeconds: 0, preconditions: { uid } }
      await tools.client.delete(kind, { name, namespace }, options)
    } catch (error) {
      if (!(error instanceof StatusError) || ![404, 409].includes(error.status.code)) throw error
    }
  }

  function lookAgain(milliseconds: number): void {
    clearTimeout(timer)
    timer = setTimeout(wake, Math.max(0, milliseconds))
    timer.unref()
  }

  function wake(): void {
    if (loopState.isStopped) return
    loopState.again = true
    running ??= loop().finally(() => (running = undefined))
  }

  async function loop(): Promise<void> {
    // Whatever happened in the same turn is seen at once.
    await new Promise((resolve) => setImmediate(resolve))
    while (loopState.again && !loopState.isStopped) {
      loopState.again = false
      try {
        await sync()
      } catch (error) {
        tools.onProblem(`pod ${pod.metadata.namespace}/${pod.metadata.name}`, error)
        lookAgain(retryAfter)
      }
    }
  }

  const worker: PodWorker = {
    update: (next) => {
      pod = next
      containers.graceChanged(graceOf(next))
      wake()
    },
    refresh: () => {
      containers.retryConfig()
      wake()
    },
    get pod() {
      return pod
    },
    facts: (name) => containers.facts.get(name) ?? {},
    get sandbox() {
      return sandbox
    },
    get isGone() {
      return isGone
    },
    stop: async () => {
      loopState.isStopped = true
      clearTimeout(timer)
      containers.stopProbes()
      await Promise.all([running, containers.halt()])
    },
  }
  wake()
  return worker
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`
}

/** A pod that was over before this agent began stays so. */
function endOf(pod: KubeObject): 'Succeeded' | 'Failed' | undefined {
  const phase = textAt(pod, ['status', 'phase'])
  return phase === 'Succeeded' || phase === 'Failed' ? phase : undefined
}

function pick(specs: readonly ContainerSpec[], names: readonly string[]): ContainerSpec[] {
  return specs.filter(({ name }) => names.includes(name))
}

const usualGrace = 30

/** Seconds that the containers have to end by themselves. */
function graceOf(pod: KubeObject): number {
  return (
    pod.metadata.deletionGracePeriodSeconds ??
    numberAt(pod, ['spec', 'terminationGracePeriodSeconds']) ??
    usualGrace
  )
}

/** Milliseconds since 1970. */
function deadlineOf(pod: KubeObject, startTime: string): number | undefined {
  const seconds = numberAt(pod, ['spec', 'activeDeadlineSeconds'])
  return seconds === undefined ? undefined : Date.parse(startTime) + seconds * 1000
}
