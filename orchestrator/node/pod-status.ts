import type { JsonObject, KubeObject } from '../api/object.ts'
import { listAt, plainText, textAt } from '../api/object.ts'
import { qosClass } from '../api/qos-class.ts'
import type { ContainerFacts, ContainerRun, ContainerSpec, Waiting } from './pod-containers.ts'
import { containerSpecs } from './pod-containers.ts'
import type { PodFactsByContainer } from './pod-containers.ts'

/** What a status is made of, besides the containers. */
export interface PodSituation {
  readonly hasSandbox: boolean
  readonly addresses: readonly string[]
  readonly hostAddress: string
  readonly isInitialized: boolean
  readonly ended: 'Succeeded' | 'Failed' | undefined
  /** RFC 3339: when the node took the pod on. */
  readonly startTime: string
  /** Of the whole pod: `Evicted`, `DeadlineExceeded`. */
  readonly reason?: string | undefined
  readonly message?: string | undefined
  /** RFC 3339, for conditions that change. */
  readonly now: string
}

/** The status that the node reports of a pod. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ */
export function podStatus(
  pod: KubeObject,
  facts: PodFactsByContainer,
  situation: PodSituation,
): JsonObject {
  const specs = containerSpecs(pod)
  const statusesOf = (...roles: ContainerSpec['role'][]): JsonObject[] =>
    specs
      .filter(({ role }) => roles.includes(role))
      .map((spec) => containerStatus(spec, facts.get(spec.name) ?? {}, situation))
  const init = statusesOf('init', 'sidecar')
  const mains = statusesOf('main')
  const ephemeral = statusesOf('ephemeral')
  const phase = situation.ended ?? (hasStarted(mains) ? 'Running' : 'Pending')
  const { reason, message, addresses, hostAddress } = situation
  return {
    phase,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    conditions: conditionsOf(pod, situation, specs, [...init, ...mains]),
    hostIP: hostAddress,
    hostIPs: [{ ip: hostAddress }],
    ...(addresses[0] === undefined
      ? {}
      : { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) }),
    startTime: situation.startTime,
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    containerStatuses: mains,
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
    qosClass: textAt(pod, ['status', 'qosClass']) ?? qosClass(pod.spec ?? {}),
  }
}

function hasStarted(statuses: readonly JsonObject[]): boolean {
  // Until each has run once the pod is Pending; one that waits for its restart has.
  return statuses.every(
    (status) => !textAt(status, ['state', 'waiting', 'reason']) || isSet(status['lastState']),
  )
}

function isSet(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

function containerStatus(
  { name, spec, role }: ContainerSpec,
  { current, previous, waiting, health }: ContainerFacts,
  { isInitialized, hasSandbox }: PodSituation,
): JsonObject {
  const beforeStart: Waiting = {
    reason:
      role !== 'init' && role !== 'sidecar' && hasSandbox && !isInitialized
        ? 'PodInitializing'
        : 'ContainerCreating',
    message: '',
  }
  const isRunning = current?.isRunning === true
  const shown = waiting ?? (current ? undefined : beforeStart)
  const last = waiting && current && !isRunning ? current : previous
  const isDone = role === 'init' && current !== undefined && !isRunning && current.exitCode === 0
  return {
    name,
    image: textAt(spec, ['image']) ?? '',
    imageID: current?.imageId ?? '',
    ...(current?.id ? { containerID: `mycontainer://${current.id}` } : {}),
    ready: role === 'init' ? isDone : isRunning && health?.ready === true,
    started: role === 'init' ? isRunning : isRunning && health?.started === true,
    restartCount: current?.attempt ?? 0,
    state: shown
      ? { waiting: { reason: shown.reason, ...textField('message', shown.message) } }
      : runState(current!),
    lastState: last ? runState(last) : {},
  }
}

function textField(name: string, value: string): JsonObject {
  return value === '' ? {} : { [name]: value }
}

const unknownTime = '1970-01-01T00:00:00Z'

function runState(run: ContainerRun): JsonObject {
  if (run.isRunning) return { running: { startedAt: seconds(run.startedAt) } }
  return {
    // The signal is never told: kubelets do not know it, and people read "Exit Code: 137".
    terminated: {
      exitCode: run.exitCode,
      reason: run.reason,
      ...textField('message', run.message),
      startedAt: seconds(run.startedAt),
      finishedAt: seconds(run.finishedAt),
      ...(run.id === '' ? {} : { containerID: `mycontainer://${run.id}` }),
    },
  }
}

/** The API's times have no fractions. */
function seconds(time: string | undefined): string {
  return time === undefined ? unknownTime : `${time.slice(0, 19)}Z`
}

interface Verdict {
  readonly type: string
  readonly isTrue: boolean
  readonly reason?: string
  readonly message?: string
}

function conditionsOf(
  pod: KubeObject,
  situation: PodSituation,
  specs: readonly ContainerSpec[],
  statuses: readonly JsonObject[],
): JsonObject[] {
  const { hasSandbox, isInitialized, ended, now } = situation
  const mains = new Set(specs.filter(({ role }) => role === 'main').map(({ name }) => name))
  const counted = statuses.filter(({ name }) => mains.has(plainText(name)))
  const sidecars = specs.filter(({ role }) => role === 'sidecar').map(({ name }) => name)
  const notReady = statuses
    .filter(({ name }) => mains.has(plainText(name)) || sidecars.includes(plainText(name)))
    .filter(({ ready }) => ready !== true)
    .map(({ name }) => plainText(name))
  const incomplete = statuses
    .filter(({ name, ready }) => !mains.has(plainText(name)) && ready !== true)
    .map(({ name }) => plainText(name))
  const completed = { reason: 'PodCompleted' }
  const containersReady: Verdict =
    ended === 'Succeeded'
      ? { type: 'ContainersReady', isTrue: false, ...completed }
      : ended === 'Failed'
        ? { type: 'ContainersReady', isTrue: false, reason: 'PodFailed' }
        : {
            type: 'ContainersReady',
            isTrue: counted.length > 0 && notReady.length === 0,
            ...unready(notReady),
          }
  const gates = failedGates(pod)
  const verdicts: Verdict[] = [
    { type: 'PodReadyToStartContainers', isTrue: hasSandbox && ended === undefined },
    ended === 'Succeeded'
      ? { type: 'Initialized', isTrue: true, ...completed }
      : {
          type: 'Initialized',
          isTrue: isInitialized,
          ...(isInitialized
            ? {}
            : {
                reason: 'ContainersNotInitialized',
                message: `containers with incomplete status: [${incomplete.join(' ')}]`,
              }),
        },
    gates.length > 0 && containersReady.isTrue
      ? {
          type: 'Ready',
          isTrue: false,
          reason: 'ReadinessGatesNotReady',
          message: gates
            .map(
              (gate) => `corresponding condition of pod readiness gate "${gate}" does not exist.`,
            )
            .join(', '),
        }
      : { ...containersReady, type: 'Ready' },
    containersReady,
  ]
  const isEvicted = situation.reason === 'Evicted'
  return [
    ...verdicts.map((verdict) => toCondition(pod, verdict, now)),
    ...(isEvicted ? [evictedCondition(pod, situation)] : []),
  ]
}

/** So that a Job can tell it from a failure of the pod's own. */
function evictedCondition(pod: KubeObject, { message = '', now }: PodSituation): JsonObject {
  const condition = toCondition(pod, { type: 'DisruptionTarget', isTrue: true }, now)
  return { ...condition, reason: 'TerminationByKubelet', message }
}

function unready(names: readonly string[]): Pick<Verdict, 'reason' | 'message'> {
  if (names.length === 0) return {}
  return {
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names.join(' ')}]`,
  }
}

/** Readiness gates are conditions that others set. */
function failedGates(pod: KubeObject): string[] {
  const conditions = listAt(pod, ['status', 'conditions'])
  return listAt(pod, ['spec', 'readinessGates'])
    .map((gate) => textAt(gate, ['conditionType']) ?? '')
    .filter((type) => !conditions.some((it) => it['type'] === type && it['status'] === 'True'))
}

function toCondition(pod: KubeObject, verdict: Verdict, now: string): JsonObject {
  const status = verdict.isTrue ? 'True' : 'False'
  const before = listAt(pod, ['status', 'conditions']).find(({ type }) => type === verdict.type)
  return {
    type: verdict.type,
    status,
    // Named also where there are none, so that a patch takes those of before away.
    reason: verdict.isTrue && verdict.reason !== 'PodCompleted' ? null : (verdict.reason ?? null),
    message: verdict.isTrue ? null : (verdict.message ?? null),
    lastProbeTime: null,
    lastTransitionTime: before?.['status'] === status ? (before['lastTransitionTime'] ?? now) : now,
  }
}
