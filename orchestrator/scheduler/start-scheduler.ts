import { describeError } from '../../native/error.ts'
import type { Client } from '../client/client.ts'
import { makeEventRecorder } from '../client/event-recorder.ts'
import type { Informers } from '../client/informers.ts'
import type { RecordSpan } from '../trace/span.ts'
import { makeClusterCache } from './cluster/cluster-cache.ts'
import { followCluster } from './cluster/follow-cluster.ts'
import { makeSurroundings } from './cluster/surroundings.ts'
import { track } from './cycle-context.ts'
import type { CycleContext } from './cycle-context.ts'
import type { DecisionLog } from './decision.ts'
import { choosePlugins } from './default-plugins.ts'
import type { PluginChoice } from './default-plugins.ts'
import { writeGate } from './pod-writes.ts'
import { makeSchedulingQueue } from './queue/scheduling-queue.ts'
import type { SchedulingQueue, SchedulingQueueOptions } from './queue/scheduling-queue.ts'
import { recordGated } from './record-decision.ts'
import { runCycle } from './run-cycle.ts'
import { makeSchedulerSpans } from './scheduler-spans.ts'

export interface SchedulerOptions extends PluginChoice {
  readonly client: Client
  readonly record: RecordSpan
  /** Those of others in the process, so that what they know is read once. Absent: its own. */
  readonly informers?: Informers | undefined
  /** Where decisions are kept to be told. */
  readonly decisions: DecisionLog
  /** Which pods are ours, by `spec.schedulerName`. Absent: default-scheduler. */
  readonly schedulerName?: string | undefined
  /** Absent: by the size of the cluster. */
  readonly percentageOfNodesToScore?: number | undefined
  /** First wait after a failed attempt and the longest, milliseconds. Absent: 1 000 and 10 000. */
  readonly firstBackoff?: number
  readonly longestBackoff?: number
  /** After so many milliseconds a pod is tried that nothing has brought back. Absent: five minutes. */
  readonly longestWait?: number
  /** Told of each attempt, for statistics. */
  readonly onAttempt?: CycleContext['onAttempt']
  /** Told of what could not be written. Absent: standard error. */
  readonly onProblem?: (what: string, error: unknown) => void
  /** Decides among equal nodes; between 0 and 1. */
  readonly random?: () => number
}

export interface RunningScheduler {
  /** How many pods wait for a node, by why. */
  countWaiting(): ReturnType<SchedulingQueue['count']>
  /** @returns when nothing is under way any more */
  stop(): Promise<void>
}

/** How long the scheduler may keep the process from other work, milliseconds. */
const turn = 4
/** Writes under way at once; those of one turn share a commit of the store. */
const writesAtOnce = 256
const flushPeriod = 1000

/** Give pods their nodes until it is stopped. @returns when everything that was there at the start is known */
export async function startScheduler(options: SchedulerOptions): Promise<RunningScheduler> {
  const surroundings = makeSurroundings()
  const cache = makeClusterCache(surroundings)
  const loop = makeLoop(() => runTurn(context))
  const flushing = makeFlushing(() => context.queue)
  const wake = (): void => {
    loop.wake()
    flushing.begin()
  }
  const context = makeContext(options, { cache, volumes: surroundings.volumes }, wake)
  const { queue, schedulerName } = context
  const followed = { cache, surroundings, queue, schedulerName }
  const following = await followCluster(options.client, followed, options.informers)
  loop.begin()
  return {
    countWaiting: () => queue.count(),
    stop: async () => {
      flushing.end()
      loop.end()
      following.stop()
      surroundings.volumes.stop()
      await Promise.allSettled(context.writes)
      // Events are begun a little after they are told of.
      await new Promise(setImmediate)
      await Promise.allSettled(context.events)
    },
  }
}

/** Flushes the queue every now and then, as long as pods wait in it. */
function makeFlushing(queueOf: () => SchedulingQueue): { begin(): void; end(): void } {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const begin = (): void => {
    if (isOver || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      const queue = queueOf()
      queue.flush()
      if (queue.size > 0) begin()
    }, flushPeriod)
    timer.unref()
  }
  return {
    begin,
    end: () => {
      isOver = true
      clearTimeout(timer)
    },
  }
}

function makeContext(
  options: SchedulerOptions,
  { cache, volumes }: Pick<CycleContext, 'cache' | 'volumes'>,
  wake: () => void,
): CycleContext {
  const { client, decisions, record } = options
  const schedulerName = options.schedulerName ?? 'default-scheduler'
  const plugins = choosePlugins(options)
  const events = new Set<Promise<unknown>>()
  const onGated: SchedulingQueueOptions['onGated'] = ({ pod, attempts }, { reasons }) => {
    const message = reasons.join(', ')
    const moment = { scheduler: schedulerName, attempt: attempts, at: Date.now(), milliseconds: 0 }
    decisions.add(recordGated(pod, message, moment))
    track(context, `write the condition of pod ${pod.key}`, () => writeGate(client, pod))
  }
  const context: CycleContext = {
    client,
    schedulerName,
    plugins,
    random: options.random ?? Math.random,
    percentageOfNodesToScore: options.percentageOfNodesToScore ?? 0,
    cache,
    volumes,
    queue: makeSchedulingQueue({
      plugins,
      now: () => performance.now(),
      firstBackoff: options.firstBackoff ?? 1000,
      longestBackoff: options.longestBackoff ?? 10_000,
      longestWait: options.longestWait ?? 300_000,
      onReady: wake,
      onGated,
    }),
    decisions,
    spans: makeSchedulerSpans(record, schedulerName),
    tell: makeEventRecorder(trackWrites(client, events), schedulerName),
    onProblem: options.onProblem ?? printProblem,
    onAttempt: options.onAttempt ?? (() => undefined),
    onRoom: wake,
    position: { start: 0 },
    writes: new Set(),
    waiting: new Set(),
    events,
  }
  return context
}

/** The same client; what it creates or patches can be waited for. */
function trackWrites(client: Client, writes: Set<Promise<unknown>>): Client {
  const tracked = <Result>(promise: Promise<Result>): Promise<Result> => {
    const done = promise.finally(() => writes.delete(done)).catch(() => undefined)
    writes.add(done)
    return promise
  }
  return {
    ...client,
    create: (...call) => tracked(client.create(...call)),
    patch: (...call) => tracked(client.patch(...call)),
  }
}

/** Try pods for one turn of the event loop. @returns whether there may be more to do */
function runTurn(context: CycleContext): boolean {
  const end = performance.now() + turn
  while (context.writes.size - context.waiting.size < writesAtOnce) {
    const waiting = context.queue.take()
    if (!waiting) return false
    runCycle(context, waiting)
    if (performance.now() > end) return true
  }
  // A write that ends wakes the loop.
  return false
}

/** Calls `work` when woken, once a turn, as long as it says that there is more. */
function makeLoop(work: () => boolean): { wake(): void; begin(): void; end(): void } {
  let isRunning = false
  let isAwake = false
  const wake = () => {
    if (isAwake || !isRunning) return
    isAwake = true
    setImmediate(() => {
      isAwake = false
      if (isRunning && work()) wake()
    })
  }
  return {
    wake,
    begin: () => {
      isRunning = true
      wake()
    },
    end: () => {
      isRunning = false
    },
  }
}

function printProblem(what: string, error: unknown): void {
  process.stderr.write(`scheduler: ${what}: ${describeError(error)}\n`)
}
