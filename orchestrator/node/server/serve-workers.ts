import type { EngineContext } from '../../../runtime/container/engine-context.ts'
import { waitForEnd } from '../../../runtime/container/wait.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { listAt, textAt, valueAt } from '../../api/object.ts'
import { podError } from '../environment/pod-error.ts'
import { containerLogPath } from '../logs/log-path.ts'
import { containerSpecs } from '../pod-containers.ts'
import type { ContainerFacts, ContainerRole, ContainerRun } from '../pod-containers.ts'
import { attachToContainer, execProcess } from './container-processes.ts'
import { dialPod } from './dial-pod.ts'
import { makeUsageReader } from './read-usage.ts'
import type { MeasuredPod } from './read-usage.ts'
import type { ServedPods } from './served-pods.ts'

/** What a pod's worker knows of it. */
export interface ServedWorker {
  readonly pod: KubeObject
  facts(container: string): ContainerFacts
}

export interface ServeWorkersOptions {
  readonly context: EngineContext
  readonly nodeName: string
  /** The agent's own: its file system is the node's. */
  readonly folder: string
  readonly logsFolder: string
  readonly workers: () => Iterable<ServedWorker>
}

/** The pods of an agent's workers, for its server. */
export function serveWorkers(options: ServeWorkersOptions): ServedPods {
  const { context, nodeName, folder, logsFolder, workers } = options
  const workerOf = (pod: KubeObject): ServedWorker | undefined =>
    [...workers()].find((worker) => worker.pod.metadata.uid === pod.metadata.uid)
  return {
    pods: () => Array.from(workers(), withStates),
    container: (pod, name, previous) => {
      const worker = workerOf(pod)
      const run = worker && runOf(worker.facts(name), previous)
      if (!worker || !run || run.id === '') return undefined
      return {
        id: run.id,
        logPath: containerLogPath(logsFolder, pod, name, run.attempt),
        isRunning: () => {
          const { current } = worker.facts(name)
          return current?.id === run.id && current.isRunning
        },
        ended: () => waitForEnd(context.folders, run.id),
      }
    },
    exec: (container, wish) => execProcess(context, container.id, wish),
    attach: (container, wish) => attachToContainer(context, container.id, wish),
    dialPod: async (pod, port) => {
      const worker = workerOf(pod)
      const names = containerSpecs(pod).map(({ name }) => name)
      const runs = names.map((name) => worker?.facts(name).current)
      const running = runs.find((run) => run?.isRunning)
      if (!running) throw podError('BAD_STATE', `pod ${pod.metadata.name ?? ''} is not running`)
      return dialPod(context, pod, running.id, port)
    },
    usage: makeUsageReader({
      context,
      nodeName,
      folder,
      pods: () => Array.from(workers(), measured),
    }),
  }
}

/** A container that waits to be started again has its last run behind it. */
function runOf(
  { current, previous, waiting }: ContainerFacts,
  wantsPrevious: boolean,
): ContainerRun | undefined {
  if (!wantsPrevious) return current
  return waiting && current && !current.isRunning ? current : previous
}

function measured(worker: ServedWorker): MeasuredPod {
  const { pod } = worker
  const { name = '', namespace = '', uid = '' } = pod.metadata
  return {
    name,
    namespace,
    uid,
    startedAt: Date.parse(textAt(pod, ['status', 'startTime']) ?? '') || Date.now(),
    hostNetwork: valueAt(pod, ['spec', 'hostNetwork']) === true,
    containers: containerSpecs(pod).flatMap((spec) => {
      const { current } = worker.facts(spec.name)
      if (current?.isRunning !== true) return []
      const startedAt = Date.parse(current.startedAt ?? '') || Date.now()
      return [{ id: current.id, name: spec.name, startedAt }]
    }),
  }
}

const statusFields: Readonly<Record<ContainerRole, string>> = {
  init: 'initContainerStatuses',
  sidecar: 'initContainerStatuses',
  main: 'containerStatuses',
  ephemeral: 'ephemeralContainerStatuses',
}

/** What the API says of the containers may be a moment behind: somebody who has seen one run wants its log. */
function withStates(worker: ServedWorker): KubeObject {
  const { pod } = worker
  const status: JsonObject = { ...pod.status }
  for (const { name, role } of containerSpecs(pod)) {
    const facts = worker.facts(name)
    if (!facts.current) continue
    const field = statusFields[role]
    const others = listAt(status, [field])
    const known = others.find((it) => it['name'] === name) ?? { name }
    const next = { ...known, ...stateOf(facts) }
    status[field] = [...others.filter((it) => it['name'] !== name), next]
  }
  return { ...pod, status }
}

function stateOf({ current, previous, waiting }: ContainerFacts): JsonObject {
  const ended = (run: ContainerRun | undefined): JsonObject =>
    run ? { terminated: { exitCode: run.exitCode, reason: run.reason } } : {}
  if (current?.isRunning === true)
    return { state: { running: { startedAt: current.startedAt } }, lastState: ended(previous) }
  if (waiting) return { state: { waiting: { ...waiting } }, lastState: ended(current) }
  return { state: ended(current), lastState: ended(previous) }
}
