import { hasCode } from '../../native/error.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { stopContainer } from '../../runtime/container/stop.ts'

/** A deletion may be made shorter while it is under way: how often that is looked at, seconds. */
const slice = 1

/** Ask a container to end, and kill it when it does not in time. Fine where it is gone. */
export async function stopRun(
  context: EngineContext,
  id: string,
  wish: {
    /** Of `performance.now`; may come nearer meanwhile. */ readonly deadline: () => number
    readonly signal?: string | undefined
  },
): Promise<void> {
  const { signal } = wish
  try {
    // A first stop with all the time there is; it ends early when the container does.
    const seconds = Math.max(0, (wish.deadline() - performance.now()) / 1000)
    const stopping = stopContainer(context, id, { timeout: Math.ceil(seconds), signal })
    const watch = setInterval(() => {
      if (wish.deadline() > performance.now()) return
      clearInterval(watch)
      void stopContainer(context, id, { timeout: 0, signal }).catch(() => undefined)
    }, slice * 1000)
    watch.unref()
    await stopping.finally(() => clearInterval(watch))
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND') && !hasCode(error, 'BAD_STATE')) throw error
  }
}
