import { track } from './cycle-context.ts'
import type { CycleContext } from './cycle-context.ts'
import type { Preemption } from './framework.ts'
import type { PodInfo } from './pod-info.ts'
import { evictVictim, podKind } from './pod-writes.ts'
import type { Waiting } from './queue/scheduling-queue.ts'
import { preciseNow } from './scheduler-spans.ts'

/** Let a pod wait for a node, or with an empty name for none. */
export function nominate({ cache }: CycleContext, waiting: Waiting, node: string): void {
  const { pod } = waiting
  waiting.pod = { ...pod, nominatedNodeName: node }
  if (node === '') cache.nominations.remove(pod.uid)
  else cache.nominations.set(waiting.pod, node)
}

/** End the victims; the pod is tried again when they have left. */
export function preempt(context: CycleContext, waiting: Waiting, preemption: Preemption): void {
  const { cache, client, schedulerName, spans } = context
  const { pod } = waiting
  const { node, victims } = preemption
  withdrawLower(context, pod, node)
  const startedAt = preciseNow()
  for (const victim of victims) {
    // From now on the pod waits for it, rather than choosing more victims.
    cache.markTerminating(victim.uid, true)
    track(context, `end pod ${victim.key} for pod ${pod.key}`, async () => {
      try {
        await evictVictim(client, victim, schedulerName)
      } catch (error) {
        cache.markTerminating(victim.uid, false)
        throw error
      }
      const message = `Preempted by pod ${pod.uid} on node ${node}`
      context.tell(victim.object, { type: 'Normal', reason: 'Preempted', message })
      spans.record(pod, `end pod ${victim.key} to make room`, startedAt, { node })
    })
  }
}

/** Pods of lower priority that hoped for the node look elsewhere. */
function withdrawLower(context: CycleContext, pod: PodInfo, node: string): void {
  const { cache, queue, client } = context
  for (const lower of cache.nominations.byNode().get(node) ?? []) {
    if (lower.priority >= pod.priority) continue
    cache.nominations.remove(lower.uid)
    const other = queue.find(lower.uid)
    if (!other) continue
    const before = other.pod
    other.pod = { ...before, nominatedNodeName: '' }
    queue.retry(other)
    track(context, `take back the nomination of pod ${lower.key}`, () =>
      client
        .patch(
          podKind,
          { namespace: lower.namespace, name: lower.name },
          'merge',
          { status: { nominatedNodeName: null } },
          'status',
        )
        .then(() => undefined),
    )
  }
}
