import { describeError } from '../../native/error.ts'
import type { KubeObject } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import type { ContainerPlace } from './container-worker.ts'
import { makePodFiles, removePodFiles } from './pod-files.ts'
import { makePodGroup, removePodGroup } from './pod-cgroup.ts'
import { removeSharedProcesses, sharedProcesses, sharesProcesses } from './pod-processes.ts'
import type { PodSpans } from './pod-spans.ts'
import { makeSparingTeller } from './tell-sparingly.ts'
import type { TellSparingly } from './tell-sparingly.ts'
import type { PodTools } from './pod-tools.ts'
import { findSandbox, makeSandbox, removeSandbox } from './sandbox.ts'
import type { Sandbox } from './sandbox.ts'
import { podFacts } from './start-container.ts'
import { exceededLimit } from './volumes/empty-dir-limit.ts'
import { limitedEmptyDirs, removePodVolumes, updatePodVolumes } from './volumes/pod-volumes.ts'

/** What has to be there before the containers of a pod can be: volumes, a control group, a sandbox. */
export interface PodPlace {
  readonly sandbox: Sandbox | undefined
  /** Make what is not there yet and bring volumes up to date. @returns undefined where that failed, which was told */
  prepare(pod: KubeObject): Promise<ContainerPlace | undefined>
  /** Why the pod has to go: one of its volumes is fuller than it may be. Walks through all of it now and then only. */
  exceeded(pod: KubeObject): Promise<string | undefined>
  /** Once no container runs any more. */
  release(pod: KubeObject): Promise<void>
}

interface PodPlaceOptions {
  readonly tools: PodTools
  readonly folder: string
  readonly spans: PodSpans
  readonly tell: (text: EventText) => void
}

/** @param first the pod, whose sandbox may be there from an agent before us */
export function makePodPlace(options: PodPlaceOptions, first: KubeObject): PodPlace {
  const { tools, folder, tell } = options
  const tellMounts = makeSparingTeller(tell)
  let sandbox = findSandbox(folder, first)
  let volumes: ReadonlyMap<string, string> = new Map()
  let hasGroup = false
  let measuredAt = performance.now()
  const stand = async (pod: KubeObject): Promise<Sandbox> => {
    // Also where the sandbox was found: groups do not outlive the machine's power, for one.
    if (!hasGroup) makePodGroup(tools.context.facts, pod)
    hasGroup = true
    sandbox ??= await buildSandbox(options, pod)
    if (sharesProcesses(pod)) {
      const processes = await sharedProcesses(tools.context, folder, pod, sandbox)
      sandbox = { ...sandbox, processes }
    }
    return sandbox
  }
  return {
    get sandbox() {
      return sandbox
    },
    prepare: async (pod) => {
      const mounted = await mountVolumes({ ...options, tellMounts }, pod, sandbox)
      if (!mounted) return undefined
      volumes = mounted
      try {
        return { sandbox: await stand(pod), volumes }
      } catch (error) {
        const message = `Failed to create pod sandbox: ${describeError(error)}`
        tell({ type: 'Warning', reason: 'FailedCreatePodSandBox', message })
        return undefined
      }
    },
    exceeded: async (pod) => {
      if (performance.now() - measuredAt < tools.measureEvery) return undefined
      measuredAt = performance.now()
      return exceededLimit(limitedEmptyDirs(pod, volumes))
    },
    release: async (pod) => {
      await releaseAll(tools, folder, pod)
      sandbox = undefined
    },
  }
}

/** @returns where each is, undefined where one is missing */
async function mountVolumes(
  { tools, folder, spans, tellMounts }: PodPlaceOptions & { tellMounts: TellSparingly },
  pod: KubeObject,
  sandbox: Sandbox | undefined,
): Promise<ReadonlyMap<string, string> | undefined> {
  const facts = podFacts(tools, { address: sandbox?.address ?? '' })
  const request = { pod, folder, facts, sources: tools.sources, storage: tools.storage }
  const { paths, failures, stale } = await (sandbox
    ? updatePodVolumes(request)
    : spans.measure('mount volumes', () => updatePodVolumes(request)))
  // Containers that run go on with what a stale volume has; people should know all the same.
  tellMounts(
    [...failures, ...stale].map(({ message }) => ({
      type: 'Warning',
      reason: 'FailedMount',
      message,
    })),
  )
  return failures.length === 0 ? paths : undefined
}

async function buildSandbox(
  { tools, folder, spans }: PodPlaceOptions,
  pod: KubeObject,
): Promise<Sandbox> {
  const made = await spans.measure(
    'make sandbox',
    () => makeSandbox(tools, folder, pod),
    ({ address }) => ({ address }),
  )
  tools.metrics.countStartedPod()
  const address = podFacts(tools, made).podIPs[0] ?? ''
  makePodFiles(folder, pod, { address, resolvConf: tools.resolvConf(pod) })
  return made
}

async function releaseAll(tools: PodTools, folder: string, pod: KubeObject): Promise<void> {
  const { uid = '' } = pod.metadata
  if (sharesProcesses(pod)) await removeSharedProcesses(tools.context, uid)
  removePodVolumes(folder)
  removePodFiles(folder)
  removeSandbox(folder)
  tools.network.release(uid)
  try {
    removePodGroup(tools.context.facts, uid)
  } catch (error) {
    tools.onProblem(`control group of pod ${uid}`, error)
  }
}
