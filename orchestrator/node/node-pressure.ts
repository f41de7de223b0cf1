import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { textAt } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import { makeImageCollector } from './collect-images.ts'
import type { ImageCollector } from './collect-images.ts'
import { containerSpecs } from './pod-containers.ts'
import { measureShares } from './pressure/measure-shares.ts'
import { reclaimedResource } from './pressure/rank-pods.ts'
import { readDisk, readSignals } from './pressure/read-signals.ts'
import { startEviction } from './pressure/start-eviction.ts'
import type { Eviction, PressedPod } from './pressure/start-eviction.ts'
import { readSoftThresholds } from './pressure/soft-thresholds.ts'
import { readThresholds, usualThresholds } from './pressure/thresholds.ts'
import type { AgentMetrics } from './server/agent-metrics.ts'
import type { NodeUsage } from './server/served-pods.ts'

/** When a node ends pods, and when it removes images; what is absent is as the kubelet has it. */
export interface PressureOptions {
  /** `memory.available<100Mi,nodefs.available<10%,…` */
  readonly evictionHard?: string | undefined
  /** `memory.available<1Gi,…`, and how long each may be met: `memory.available=1m30s,…`; absent: none. */
  readonly evictionSoft?: string | undefined
  readonly evictionSoftGracePeriod?: string | undefined
  /** Seconds that a pod has at most to end by itself for a soft threshold; below zero: as it asks. Absent: none. */
  readonly evictionMaxPodGraceSeconds?: number | undefined
  /** Seconds that a pressure stays when nothing is short any more; absent: 300. */
  readonly pressureTransitionSeconds?: number | undefined
  /** Seconds between two looks at what is left; absent: 10. */
  readonly pressureSeconds?: number | undefined
  /** Percent of the disk; absent: 85 and 80. 100 leaves all images alone. */
  readonly imageGcHighPercent?: number | undefined
  readonly imageGcLowPercent?: number | undefined
  /** Seconds that an image stays at least; absent: 120. */
  readonly imageMinAgeSeconds?: number | undefined
  /** Seconds between two looks at images; absent: 300. */
  readonly imageGcSeconds?: number | undefined
}

interface NodePressureTools {
  readonly context: EngineContext
  /** All state of the node. */
  readonly root: string
  /** Where images are, if others have them too: they are left alone then. */
  readonly imageRoot: string | undefined
  readonly podsFolder: string
  readonly usage: () => NodeUsage
  readonly metrics: AgentMetrics
  readonly pods: () => readonly PressedPod[]
  /** Of an event about the node. */
  readonly tell: (text: EventText) => void
  readonly onChange: () => void
  readonly onProblem: (what: string, error: unknown) => void
}

const usualGcSeconds = 300
const noCollector: ImageCollector = {
  collect: async () => ({ wanted: 0, freed: 0 }),
  collectAll: async () => undefined,
}

/** Keep the machine from running out of what all pods share. */
export function startNodePressure(tools: NodePressureTools, options: PressureOptions): Eviction {
  const { context, root, imageRoot = root, podsFolder, usage, tell, onProblem } = tools
  const collector = tools.imageRoot === undefined ? imageCollector(tools, options) : noCollector
  const eviction = startEviction({
    thresholds: [
      ...readThresholds(options.evictionHard ?? usualThresholds),
      ...readSoftThresholds(options.evictionSoft ?? '', options.evictionSoftGracePeriod ?? ''),
    ],
    mostPodGrace: options.evictionMaxPodGraceSeconds,
    observe: () => readSignals({ node: root, images: imageRoot }),
    pods: tools.pods,
    measure: (signal, some) => measureShares(signal, some, { context, podsFolder, usage }),
    reclaimDisk: () => collector.collectAll(),
    onChange: tools.onChange,
    onShort: (signal) => {
      const message = `Attempting to reclaim ${reclaimedResource(signal)}`
      tell({ type: 'Warning', reason: 'EvictionThresholdMet', message })
    },
    onEvict: (signal) => tools.metrics.countEviction(signal),
    onProblem,
    every: milliseconds(options.pressureSeconds),
    transition: milliseconds(options.pressureTransitionSeconds),
  })
  const collecting = setInterval(
    () => void collectImages(collector, tools),
    (options.imageGcSeconds ?? usualGcSeconds) * 1000,
  )
  collecting.unref()
  return {
    has: eviction.has,
    stop: () => {
      clearInterval(collecting)
      eviction.stop()
    },
  }
}

function imageCollector(tools: NodePressureTools, options: PressureOptions): ImageCollector {
  return makeImageCollector({
    context: tools.context,
    wanted: () =>
      tools
        .pods()
        .flatMap(({ pod }) => containerSpecs(pod))
        .map(({ spec }) => textAt(spec, ['image']) ?? ''),
    disk: () => readDisk(tools.root),
    high: options.imageGcHighPercent ?? 85,
    low: options.imageGcLowPercent ?? 80,
    minAge: (options.imageMinAgeSeconds ?? 120) * 1000,
  })
}

async function collectImages(
  collector: ImageCollector,
  { tell, onProblem }: NodePressureTools,
): Promise<void> {
  try {
    const { wanted, freed } = await collector.collect()
    if (freed >= wanted) return
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`
    tell({ type: 'Warning', reason: 'FreeDiskSpaceFailed', message })
  } catch (error) {
    onProblem('remove images that nobody uses', error)
  }
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}
