import type { KubeObject } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import type { ClusterCache } from './cluster/cluster-cache.ts'
import type { VolumeCache } from './cluster/volume-cache.ts'
import type { DecisionLog } from './decision.ts'
import type { EnabledPlugin } from './framework.ts'
import type { SchedulingQueue } from './queue/scheduling-queue.ts'
import type { SchedulerSpans } from './scheduler-spans.ts'

/** What one turn of the scheduler works with. */
export interface CycleContext {
  readonly client: Client
  readonly schedulerName: string
  readonly plugins: readonly EnabledPlugin[]
  readonly random: () => number
  readonly percentageOfNodesToScore: number
  readonly cache: ClusterCache
  readonly volumes: VolumeCache
  readonly queue: SchedulingQueue
  readonly decisions: DecisionLog
  readonly spans: SchedulerSpans
  readonly tell: (object: KubeObject, event: PodEvent) => void
  readonly onProblem: (what: string, error: unknown) => void
  readonly onAttempt: (attempt: AttemptCount) => void
  /** A write has ended: there is room for another. */
  readonly onRoom: () => void
  /** Where among the nodes the next search begins. */
  readonly position: { start: number }
  /** Writes under way. */
  readonly writes: Set<Promise<void>>
  /** Pods among them, by uid, that wait for volumes: that may take long, and holds up nobody else. */
  readonly waiting: Set<string>
  /** Events under way: nobody waits for them but the end of the scheduler. */
  readonly events: ReadonlySet<Promise<unknown>>
}

export interface PodEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

export interface AttemptCount {
  readonly result: 'scheduled' | 'unschedulable' | 'error'
  /** Of the choice, and of the binding where there was one. */
  readonly seconds: number
  /** How many pods are ended to make room. */
  readonly victims: number
}

/** Writes go on while other pods are tried. */
export function track(context: CycleContext, what: string, write: () => Promise<void>): void {
  const promise = write()
    .catch((error: unknown) => context.onProblem(what, error))
    .finally(() => {
      context.writes.delete(promise)
      context.onRoom()
    })
  context.writes.add(promise)
}
