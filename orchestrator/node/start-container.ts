import { describeError } from '../../native/error.ts'
import type { KubeObject } from '../api/object.ts'
import { textAt } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import { containerOptions, securityField } from './container-options.ts'
import { makeMessageFile, startRun } from './container-runs.ts'
import type { StartedRun } from './container-runs.ts'
import type { PodFacts } from './environment/pod-sources.ts'
import { resolveEnvironment } from './environment/resolve-environment.ts'
import { ensureContainerImage, ImageProblem } from './images.ts'
import { containerLogPath } from './logs/log-path.ts'
import { publishLog } from './logs/publish-log.ts'
import { podCgroup } from './pod-cgroup.ts'
import type { ContainerSpec, Waiting } from './pod-containers.ts'
import { fileMounts } from './pod-files.ts'
import { processesOf } from './pod-processes.ts'
import type { PodSpans } from './pod-spans.ts'
import { preciseNow } from './pod-spans.ts'
import type { PodTools } from './pod-tools.ts'
import type { Sandbox } from './sandbox.ts'
import { containerMounts } from './volumes/container-mounts.ts'

/** One start of one container of a pod whose sandbox stands. */
export interface ContainerStart {
  readonly pod: KubeObject
  readonly container: ContainerSpec
  readonly attempt: number
  /** The pod's own. */
  readonly folder: string
  readonly sandbox: Sandbox
  /** Of {@link updatePodVolumes}. */
  readonly volumes: ReadonlyMap<string, string>
  /** Not to be started after all. */
  readonly signal: AbortSignal
  readonly tell: (text: EventText) => void
  readonly spans: PodSpans
}

/** Why a container is not there, in the words of the kubelet. */
export class StartProblem extends Error {
  readonly waiting: Waiting
  readonly kind: 'image' | 'config' | 'run'

  constructor(kind: StartProblem['kind'], waiting: Waiting, cause?: unknown) {
    super(waiting.message, { cause })
    this.kind = kind
    this.waiting = waiting
  }
}

/** Why a container waits whose description refers to what is not there. */
export const configReason = 'CreateContainerConfigError'

/** @throws {StartProblem} and what `start.signal` was aborted with */
export async function startContainerOf(
  tools: PodTools,
  start: ContainerStart,
): Promise<StartedRun & { readonly messageFile: string }> {
  const { pod, container, tell, folder, attempt, signal, spans } = start
  const { context, sources, pulling, insecureRegistries } = tools
  try {
    const images = { context, sources, tell, folder, pulling, signal, insecureRegistries }
    await spans.measure(`ensure image of ${container.name}`, () =>
      ensureContainerImage(images, pod, container),
    )
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ImageProblem) throw new StartProblem('image', error.waiting, error)
    throw configProblem(tell, error)
  }
  const messageFile = makeMessageFile(folder, container.name, attempt)
  const options = await spans
    .measure(`configure container ${container.name}`, () => configure(tools, start, messageFile))
    .catch((error: unknown) => {
      throw configProblem(tell, error)
    })
  signal.throwIfAborted()
  let isCreated = false
  const begun = preciseNow()
  try {
    const started = await startRun(context, options, messageFile, {
      onCreated: (record) => {
        isCreated = true
        spans.record(`create container ${container.name}`, begun, {
          container: record.id.slice(0, 12),
        })
        publishLog(containerLogPath(tools.logsFolder, pod, container.name, attempt), record.logPath)
        tell({ type: 'Normal', reason: 'Created', message: `Created container: ${container.name}` })
      },
      onStarted: (steps) => spans.recordSteps(container.name, steps),
    })
    tell({ type: 'Normal', reason: 'Started', message: `Started container ${container.name}` })
    return { ...started, messageFile }
  } catch (error) {
    const message = describeError(error)
    tell({ type: 'Warning', reason: 'Failed', message: `Error: ${message}` })
    const reason = isCreated ? 'RunContainerError' : 'CreateContainerError'
    throw new StartProblem('run', { reason, message }, error)
  }
}

function configProblem(tell: ContainerStart['tell'], error: unknown): StartProblem {
  const message = describeError(error)
  tell({ type: 'Warning', reason: 'Failed', message: `Error: ${message}` })
  return new StartProblem('config', { reason: configReason, message }, error)
}

async function configure(tools: PodTools, start: ContainerStart, messageFile: string) {
  const { pod, container, sandbox, folder, volumes, attempt } = start
  const { spec } = container
  const facts = podFacts(tools, sandbox)
  const variables = await resolveEnvironment({
    pod,
    container: spec,
    facts,
    sources: tools.sources,
  })
  const mounts = containerMounts({ pod, container: spec, folder, paths: volumes, variables })
  const taken = new Set(mounts.map(({ destination }) => destination))
  const messagePath = textAt(spec, ['terminationMessagePath']) ?? '/dev/termination-log'
  await requireUser(tools, start)
  return containerOptions(pod, container, {
    attempt,
    variables,
    mounts: [...fileMounts(folder, pod, { messageFile, messagePath }, taken), ...mounts],
    namespaces: sandbox.namespaces,
    pidNamespace: sandbox.processes ?? targetProcesses(tools, start),
    nodeMemory: tools.nodeMemory,
    leastOomScore: tools.context.facts.capabilities.includes('CAP_SYS_RESOURCE') ? undefined : 0,
    cgroupParent: podCgroup(pod),
  })
}

/** Whose processes an ephemeral container sees beside its own, where it names a container. */
function targetProcesses({ context }: PodTools, { pod, container }: ContainerStart) {
  const target = textAt(container.spec, ['targetContainerName']) ?? ''
  return target === '' ? undefined : processesOf(context, pod, target)
}

/** What the downward API and volumes know of a pod. */
export function podFacts(tools: PodTools, { address }: Pick<Sandbox, 'address'>): PodFacts {
  const { nodeAddress, allocatable } = tools
  const own = address === '' ? nodeAddress : address
  return { podIPs: [own], hostIPs: [nodeAddress], allocatable }
}

/** `runAsNonRoot`, as far as numbers tell. @throws {Error} in the words of the kubelet */
async function requireUser(
  { context }: PodTools,
  { pod, container }: ContainerStart,
): Promise<void> {
  const { spec, name } = container
  if (securityField(pod, spec, 'runAsNonRoot') !== true) return
  const image = (await context.images()).find(textAt(spec, ['image']) ?? '')
  const chosen = securityField(pod, spec, 'runAsUser')
  const user = typeof chosen === 'number' ? String(chosen) : (image?.config.user ?? '')
  const [uid = ''] = user.split(':')
  const about = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${name})`
  if (uid === '0' || uid === '' || uid === 'root') {
    const who =
      typeof chosen === 'number'
        ? "container's runAsUser breaks non-root policy"
        : 'container has runAsNonRoot and image will run as root'
    throw new Error(`${who} ${about}`)
  }
  if (!/^\d+$/.test(uid))
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${uid}), cannot verify user is non-root ${about}`,
    )
}
