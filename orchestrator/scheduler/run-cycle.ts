import { describeError } from '../../native/error.ts'
import { StatusError } from '../api/status-error.ts'
import { track } from './cycle-context.ts'
import type { AttemptCount, CycleContext } from './cycle-context.ts'
import type { Reservation } from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { isGone, writeBinding, writeUnschedulable, writeVolume } from './pod-writes.ts'
import type { Waiting } from './queue/scheduling-queue.ts'
import { recordAttempt } from './record-decision.ts'
import { nominate, preempt } from './run-preemption.ts'
import { schedulePod } from './schedule-pod.ts'
import type { Attempt } from './schedule-pod.ts'
import { preciseNow } from './scheduler-spans.ts'

/** Try one pod: the choice is made at once, what is written goes on by itself. */
export function runCycle(context: CycleContext, waiting: Waiting): void {
  const { cache, decisions, spans, position, plugins, random, percentageOfNodesToScore } = context
  const { pod, attempts } = waiting
  const startedAt = preciseNow()
  const snapshot = cache.snapshot()
  const options = { plugins, random, percentageOfNodesToScore }
  const attempt = schedulePod(pod, snapshot, position.start, options)
  position.start = (position.start + attempt.lookedAt) % Math.max(1, snapshot.nodes.length)
  decisions.add(
    recordAttempt(pod, snapshot, attempt, {
      scheduler: context.schedulerName,
      attempt: attempts,
      at: startedAt,
      milliseconds: preciseNow() - startedAt,
    }),
  )
  const { chosen } = attempt
  spans.record(pod, chosen ? `choose node ${chosen.name}` : 'find no node', startedAt, {
    attempt: String(attempts),
    nodes: `${attempt.feasible.length} of ${snapshot.nodes.length}`,
    ...(attempt.message === undefined ? {} : { message: attempt.message }),
  })
  if (chosen) return place(context, waiting, chosen, startedAt)
  fail(context, waiting, attempt)
  const victims = attempt.preemption?.victims.length ?? 0
  count(context, 'unschedulable', startedAt, victims)
}

function count(
  { onAttempt }: CycleContext,
  result: AttemptCount['result'],
  startedAt: number,
  victims = 0,
): void {
  onAttempt({ result, seconds: (preciseNow() - startedAt) / 1000, victims })
}

function place(context: CycleContext, waiting: Waiting, node: NodeInfo, begunAt: number): void {
  const { cache, plugins } = context
  const { pod } = waiting
  cache.assume(pod, node.name)
  cache.nominations.remove(pod.uid)
  const snapshot = cache.snapshot()
  const reserved = plugins.flatMap(({ plugin }) => plugin.reserve?.(pod, node, snapshot) ?? [])
  track(context, `bind pod ${pod.key}`, async () => {
    const startedAt = preciseNow()
    try {
      await prepareBinding(context, pod, reserved)
      await bind(context, pod, node.name)
    } catch (error) {
      for (const { undo } of reserved) undo()
      count(context, 'error', begunAt)
      return onBindingFailed(context, waiting, node.name, error)
    }
    for (const { undo } of reserved) undo()
    count(context, 'scheduled', begunAt)
    context.queue.remove(pod.uid)
    context.spans.record(pod, `bind to node ${node.name}`, startedAt)
    const message = `Successfully assigned ${pod.key} to ${node.name}`
    context.tell(pod.object, { type: 'Normal', reason: 'Scheduled', message })
  })
}

async function prepareBinding(
  context: CycleContext,
  { uid }: PodInfo,
  reserved: readonly Reservation[],
): Promise<void> {
  const { client, volumes, waiting, onRoom } = context
  for (const { beforeBinding } of reserved)
    await beforeBinding?.({
      volume: (volume, change) => writeVolume(client, volume, change),
      claim: (claim, change) => writeVolume(client, claim, change),
      untilBound: async (keys) => {
        waiting.add(uid)
        onRoom()
        try {
          await volumes.untilBound(keys)
        } finally {
          waiting.delete(uid)
        }
      },
    })
}

async function bind({ client, plugins }: CycleContext, pod: PodInfo, node: string): Promise<void> {
  const write = (one: PodInfo, name: string) => writeBinding(client, one, name)
  for (const { plugin } of plugins) if (await plugin.bind?.(pod, node, write)) return
}

function onBindingFailed(
  context: CycleContext,
  waiting: Waiting,
  node: string,
  error: unknown,
): void {
  const { cache, queue } = context
  const { pod } = waiting
  for (const change of cache.forget(pod.uid)) queue.onChange(change)
  const code = error instanceof StatusError ? error.status.code : 0
  if (isGone(error)) return queue.remove(pod.uid)
  // It has a node already, or is ending: the watch will say so, and the pod leaves the queue.
  queue.retry(waiting)
  if (code === 409) return
  const message = `binding rejected: ${describeError(error)}`
  context.tell(pod.object, { type: 'Warning', reason: 'FailedScheduling', message })
  context.onProblem(`bind pod ${pod.key} to node ${node}`, error)
}

function fail(context: CycleContext, waiting: Waiting, attempt: Attempt): void {
  const { pod } = waiting
  const { message = '', preemption, rejections, filters } = attempt
  const rejectedBy = new Set(rejections.flatMap((one) => (one ? [one.plugin] : [])))
  if (filters.refusal) rejectedBy.add(filters.refusal.plugin)
  // A cluster without nodes waits for one, whatever the plugin.
  if (rejectedBy.size === 0) for (const { plugin } of context.plugins) rejectedBy.add(plugin.name)
  context.tell(pod.object, { type: 'Warning', reason: 'FailedScheduling', message })
  const nomination = preemption?.node ?? (attempt.clearsNomination ? '' : undefined)
  if (nomination !== undefined) nominate(context, waiting, nomination)
  context.queue.giveBack(waiting, [...rejectedBy])
  track(context, `write the condition of pod ${pod.key}`, () =>
    writeUnschedulable(context.client, pod, message, nomination),
  )
  if (preemption) preempt(context, waiting, preemption)
}
