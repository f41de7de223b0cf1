import { specGrace } from '../pod-times.ts'
import type { PodVerdict } from '../pod-verdict.ts'
import { sinceBoot, untilBeat } from '../pulse.ts'
import type { EvictablePod } from './measure-shares.ts'
import { isCritical, makePressureMemory } from './pressure-conditions.ts'
import type { PressureMemory } from './pressure-conditions.ts'
import { evictionMessage, rankPods } from './rank-pods.ts'
import type { RankedPod } from './rank-pods.ts'
import { evictionGrace, makeThresholdTimes } from './soft-thresholds.ts'
import { metThresholds } from './thresholds.ts'
import type { MetThreshold, Observations, Signal, Threshold } from './thresholds.ts'

export interface PressedPod extends EvictablePod {
  readonly isActive: boolean
  readonly isBeingEvicted: boolean
  evict(why: PodVerdict): void
}

export interface EvictionOptions {
  readonly thresholds: readonly Threshold[]
  readonly observe: () => Observations
  readonly pods: () => readonly PressedPod[]
  readonly measure: (
    signal: Signal,
    pods: readonly PressedPod[],
  ) => Promise<readonly (RankedPod & { readonly worker: PressedPod })[]>
  /** Give back disk without ending a pod. */
  readonly reclaimDisk: () => Promise<void>
  /** A pressure came, or went. */
  readonly onChange: () => void
  /** Of an event about the node. */
  readonly onShort: (signal: Signal) => void
  readonly onEvict: (signal: Signal) => void
  readonly onProblem: (what: string, error: unknown) => void
  /** Seconds that pods have at most to end by themselves for a soft threshold; below zero: as they ask. Absent: none. */
  readonly mostPodGrace?: number | undefined
  /** Milliseconds between two looks; absent: 10 000. */
  readonly every?: number | undefined
  /** Milliseconds that a pressure stays; absent: 5 minutes. */
  readonly transition?: number | undefined
}

export interface Eviction {
  readonly has: PressureMemory['has']
  stop(): void
}

const usualEvery = 10_000
const usualTransition = 5 * 60 * 1000

/** Watch what the machine has left, and end pods, one after the other, where that is too little. */
export function startEviction(options: EvictionOptions): Eviction {
  const { every = usualEvery, transition = usualTransition, onProblem } = options
  const memory = makePressureMemory(transition)
  const look = (): MetThreshold[] => metThresholds(options.thresholds, options.observe())
  const times = makeThresholdTimes()
  const round = async (): Promise<void> => {
    const found = look()
    const now = performance.now()
    // The node says at once that something is short; pods have the time of the threshold.
    if (memory.observe(found, now)) options.onChange()
    const met = await reclaim(options, times.ripe(found, now), look)
    if (met) await evictOne(options, met)
  }
  // What is short already is known before the first pod is asked for.
  memory.observe(look(), performance.now())
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const again = (delay: number): void => {
    if (isStopped) return
    timer = setTimeout(() => {
      void round()
        .catch((error: unknown) => onProblem('look at what is left of the node', error))
        .finally(() => again(untilBeat(every, sinceBoot())))
    }, delay)
    timer.unref()
  }
  again(0)
  return {
    has: (type) => memory.has(type),
    stop: () => {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/** @returns what is still short when all was given back that nobody needs */
async function reclaim(
  { reclaimDisk }: EvictionOptions,
  met: readonly MetThreshold[],
  look: () => MetThreshold[],
): Promise<MetThreshold | undefined> {
  const [first] = met
  if (!first || !isDisk(first.threshold.signal)) return first
  await reclaimDisk()
  return look().find(({ threshold }) => met.some((before) => before.threshold === threshold))
}

function isDisk(signal: Signal): boolean {
  return signal.startsWith('nodefs') || signal.startsWith('imagefs')
}

async function evictOne(options: EvictionOptions, met: MetThreshold): Promise<void> {
  const { signal, graceMs } = met.threshold
  const pods = options.pods()
  // Who is about to end may be enough.
  if (graceMs !== undefined && pods.some(({ isBeingEvicted }) => isBeingEvicted)) return
  options.onShort(signal)
  const candidates = pods.filter(({ isActive, pod }) => isActive && !isCritical(pod.spec ?? {}))
  const [chosen] = rankPods(signal, await options.measure(signal, candidates))
  if (!chosen) return
  options.onEvict(signal)
  const message = evictionMessage(met, chosen.containers)
  const { worker } = chosen
  const asked = specGrace(worker.pod)
  const graceSeconds = evictionGrace(met.threshold, asked, options.mostPodGrace ?? 0)
  worker.evict({ reason: 'Evicted', message, graceSeconds })
}
