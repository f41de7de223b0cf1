import type { KubeObject } from '../api/object.ts'
import type { KindName } from '../client/client.ts'
import { makeWorkQueue } from '../client/work-queue.ts'
import { makeAwaitSeen } from './await-seen.ts'
import type { ControllerContext, RunningController } from './controller.ts'
import { splitKey } from './objects/ownership.ts'
import { isStatus, runWrites } from './writes/run-writes.ts'
import type { Plan } from './writes/write.ts'

export interface KeyControllerOptions {
  /** As events and traces call it: `job-controller`. */
  readonly name: string
  /** As events call it, where that is something else. */
  readonly component?: string
  /** What the keys are names of, for traces. */
  readonly kind: KindName
  /** The kinds that plans are made from. */
  readonly reads: readonly KindName[]
  /** What is to be written for a key, from what the informers know now. */
  readonly plan: (key: string, now: Date) => Plan
  /** Told when all writes of a plan are made, and seen. */
  readonly onDone?: (key: string) => void
  readonly workers?: number
}

export interface KeyController extends RunningController {
  readonly add: (key: string) => void
  readonly addAfter: (key: string, milliseconds: number) => void
}

/** Plans for keys, one at a time each: read what is known, plan, write, and wait until the writes are known. */
export function startKeyController(
  context: ControllerContext,
  options: KeyControllerOptions,
): KeyController {
  const { client, record, onProblem, recorder } = context
  const { name, kind, reads, plan, workers } = options
  const known = new Map(reads.map((one) => [kindKey(one), context.informers.of(one)]))
  const say = recorder(options.component ?? name)
  const tools = {
    client,
    remark: ({ about, ...text }: { about: KubeObject } & Parameters<typeof say>[1]) =>
      say(about, text),
  }
  const awaitSeen = makeAwaitSeen((object) => known.get(kindKey(object)))
  const counts = context.counts.add(name, () => queue.depth)
  const reconcile = async (key: string): Promise<number> => {
    const { writes, againInMs, onFailure } = plan(key, new Date())
    if (againInMs !== undefined) queue.addAfter(key, Math.max(1, againInMs))
    try {
      if (writes.length > 0) await awaitSeen(await runWrites(tools, writes))
    } catch (error) {
      if (onFailure) await runWrites(tools, onFailure(error as Error))
      throw error
    }
    options.onDone?.(key)
    return writes.length
  }
  const queue = makeWorkQueue({
    work: async (key) => {
      await Promise.all([...known.values()].map(({ synced }) => synced))
      const startedAt = performance.timeOrigin + performance.now()
      const end = (): number => performance.timeOrigin + performance.now() - startedAt
      try {
        const writes = await reconcile(key)
        if (writes === 0) return
        const { apiVersion, kind: kindName } = kind
        const about = splitKey(key)
        const uid = known.get(kindKey(kind))?.get(about)?.metadata.uid
        const object = { apiVersion, kind: kindName, uid, ...about }
        const detail = { writes: `${writes}` }
        record({ part: name, action: 'reconcile', object, startedAt, milliseconds: end(), detail })
      } finally {
        counts.reconciles++
        counts.milliseconds += end()
      }
    },
    onProblem: (key, error) => {
      counts.failures++
      // Somebody was faster, or the namespace goes: the next plan sees it.
      if (!isStatus(error, 404, 409)) onProblem(`${name} ${key}`, error)
    },
    ...(workers === undefined ? {} : { workers }),
  })
  return {
    add: (key) => queue.add(key),
    addAfter: (key, milliseconds) => queue.addAfter(key, milliseconds),
    stop: () => queue.stop(),
  }
}

function kindKey({ apiVersion, kind }: KindName): string {
  return `${apiVersion} ${kind}`
}
