import { sameJson } from '../../api/object.ts'
import type { ClusterChange } from '../cluster-change.ts'
import type { EnabledPlugin, Rejection } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'
import { makeHeap } from './heap.ts'

/** A pod that waits for a node. */
export interface Waiting {
  pod: PodInfo
  /** When it came into the queue first; milliseconds. */
  readonly since: number
  attempts: number
  /** When it was tried last. */
  triedAt: number
  /** Plugins that kept it from a node: only what they wait for brings it back. */
  rejectedBy: ReadonlySet<string>
  place: 'active' | 'backoff' | 'unschedulable' | 'gated' | 'taken'
  /** Not before this moment: after a failure that is nobody's fault. */
  notBefore: number
}

export interface SchedulingQueueOptions {
  readonly plugins: readonly EnabledPlugin[]
  readonly now: () => number
  /** First wait after a failed attempt; it doubles. Milliseconds. */
  readonly firstBackoff: number
  readonly longestBackoff: number
  /** After so long, a pod that nothing has brought back is tried all the same. Milliseconds. */
  readonly longestWait: number
  /** A pod may be taken; called often. */
  readonly onReady: () => void
  readonly onGated: (waiting: Waiting, rejection: Rejection) => void
}

export interface SchedulingQueue {
  add(pod: PodInfo): void
  /** The pod has changed, in what it asks for or only in its status. */
  update(pod: PodInfo): void
  remove(uid: string): void
  find(uid: string): Waiting | undefined
  /** The next pod to try: those that wait out a backoff come when no other does. */
  take(): Waiting | undefined
  /** The pod has no node; it stays until something changes for one of the plugins. */
  giveBack(waiting: Waiting, rejectedBy: readonly string[]): void
  /** Something went wrong with the pod; it is tried again after its backoff. */
  retry(waiting: Waiting): void
  onChange(change: ClusterChange): void
  /** Try again what has waited too long; to be called now and then. @returns milliseconds until the next backoff ends */
  flush(): number | undefined
  readonly size: number
  /** How many pods wait, by why. */
  count(): Record<Waiting['place'], number>
}

export function makeSchedulingQueue(options: SchedulingQueueOptions): SchedulingQueue {
  const { plugins, now } = options
  const all = new Map<string, Waiting>()
  const sort = plugins.find(({ plugin }) => plugin.queueSort)?.plugin.queueSort
  const compare = (a: Waiting, b: Waiting) => sort?.(a, b) ?? a.since - b.since
  const active = makeHeap<Waiting>(compare)
  const backoff = makeHeap<Waiting>((a, b) => backoffEnd(a) - backoffEnd(b))
  // Which of the unschedulable pods a kind of change may help.
  const byChange = new Map<ClusterChange['type'], Set<Waiting>>()

  const backoffEnd = ({ triedAt, attempts, notBefore }: Waiting) => {
    if (attempts === 0) return 0
    const wait = Math.min(options.longestBackoff, options.firstBackoff * 2 ** (attempts - 1))
    return Math.max(notBefore, triedAt + wait)
  }
  const activate = (waiting: Waiting) => {
    forgetChanges(waiting)
    const rejection = gate(waiting.pod)
    if (rejection) {
      const isNew = waiting.place !== 'gated'
      waiting.place = 'gated'
      if (isNew) options.onGated(waiting, rejection)
      return
    }
    const isEarly = backoffEnd(waiting) > now()
    waiting.place = isEarly ? 'backoff' : 'active'
    ;(isEarly ? backoff : active).push(waiting)
    options.onReady()
  }
  const gate = (pod: PodInfo): Rejection | undefined => {
    for (const { plugin } of plugins) {
      const rejection = plugin.preEnqueue?.(pod)
      if (rejection) return rejection
    }
    return undefined
  }
  const forgetChanges = (waiting: Waiting) => {
    for (const set of byChange.values()) set.delete(waiting)
  }
  const hintsFor = ({ rejectedBy }: Waiting) =>
    plugins.flatMap(({ plugin }) => (rejectedBy.has(plugin.name) ? (plugin.hints ?? []) : []))
  const pop = (heap: typeof active, place: Waiting['place']): Waiting | undefined => {
    // What has left the heap's place since was left in the heap.
    for (let top = heap.pop(); top; top = heap.pop())
      if (top.place === place && all.get(top.pod.uid) === top) return top
    return undefined
  }
  const peekBackoff = (): Waiting | undefined => {
    for (let top = backoff.peek(); top; top = backoff.peek()) {
      if (top.place === 'backoff' && all.get(top.pod.uid) === top) return top
      backoff.pop()
    }
    return undefined
  }
  const remove = (uid: string) => {
    const waiting = all.get(uid)
    if (!waiting) return
    forgetChanges(waiting)
    all.delete(uid)
  }
  const add = (pod: PodInfo) => {
    const waiting: Waiting = {
      pod,
      since: now(),
      attempts: 0,
      triedAt: 0,
      rejectedBy: new Set(),
      place: 'taken',
      notBefore: 0,
    }
    all.set(pod.uid, waiting)
    activate(waiting)
  }
  return {
    add,
    update: (pod) => {
      const waiting = all.get(pod.uid)
      if (!waiting) return add(pod)
      const before = waiting.pod
      waiting.pod = pod
      const { place } = waiting
      if (place !== 'unschedulable' && place !== 'gated') return
      const asksOtherwise =
        !sameJson(before.object.spec, pod.object.spec) || !sameJson(before.labels, pod.labels)
      if (asksOtherwise) activate(waiting)
    },
    remove,
    find: (uid) => all.get(uid),
    take: () => {
      let waiting = pop(active, 'active')
      if (!waiting) {
        const first = peekBackoff()
        // What failed for no reason of the cluster's waits out its time.
        if (first && first.notBefore <= now()) waiting = pop(backoff, 'backoff')
      }
      if (!waiting) return undefined
      waiting.place = 'taken'
      waiting.attempts++
      waiting.triedAt = now()
      return waiting
    },
    giveBack: (waiting, rejectedBy) => {
      if (all.get(waiting.pod.uid) !== waiting) return
      waiting.rejectedBy = new Set(rejectedBy)
      waiting.place = 'unschedulable'
      for (const { on } of hintsFor(waiting)) {
        const set = byChange.get(on)
        if (set) set.add(waiting)
        else byChange.set(on, new Set([waiting]))
      }
    },
    retry: (waiting) => {
      if (all.get(waiting.pod.uid) !== waiting) return
      waiting.notBefore = now() + options.firstBackoff
      activate(waiting)
    },
    onChange: (change) => {
      for (const waiting of byChange.get(change.type) ?? []) {
        const helps = hintsFor(waiting).some(
          (hint) => hint.on === change.type && (hint.helps?.(waiting.pod, change) ?? true),
        )
        if (helps) activate(waiting)
      }
    },
    flush: () => {
      const moment = now()
      for (const waiting of all.values())
        if (waiting.place === 'unschedulable' && moment - waiting.triedAt > options.longestWait)
          activate(waiting)
      const first = peekBackoff()
      if (!first) return undefined
      if (first.notBefore <= moment) options.onReady()
      return Math.max(1, first.notBefore - moment)
    },
    get size() {
      return all.size
    },
    count: () => {
      const counts = { active: 0, backoff: 0, unschedulable: 0, gated: 0, taken: 0 }
      for (const { place } of all.values()) counts[place]++
      return counts
    },
  }
}
