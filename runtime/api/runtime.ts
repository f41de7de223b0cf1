import { createContainer } from '../container/create.ts'
import { ensureImage } from '../container/ensure-image.ts'
import { openContext, engineOf } from '../container/open-engine.ts'
import { SpareNetworks } from '../container/spare-networks.ts'
import { StartPrograms } from '../container/start-program.ts'
import type { Engine } from '../cli/engine.ts'
import { type ApiContainer, removeIfPresent, startAttached } from './container.ts'
import { type RunOptions, containerOptions } from './run-options.ts'

export interface RuntimeOptions {
  /** Folder for all state. Default: the user's default folders, shared with the command line. */
  readonly root?: string | undefined
}

/** Containers of one state root, from this process. */
export interface Runtime {
  /**
   * Create and start a container.
   *
   * @throws {OperationError} `START_FAILED`, `NOT_FOUND`, …; with `remove` nothing is left then.
   *   Where `signal` is aborted before, its reason
   */
  run(options: RunOptions): Promise<ApiContainer>
  /** Every verb of the command line. */
  readonly engine: Engine
  /** Let go: containers go on. */
  close(): void
  [Symbol.dispose](): void
}

export function openRuntime({ root }: RuntimeOptions = {}): Runtime {
  const opened = openContext(root, process.env)
  const context = {
    ...opened,
    spares: new SpareNetworks(opened),
    startPrograms: new StartPrograms(),
  }
  const close = (): void => {
    context.spares.close()
    context.zygote.close()
  }
  return {
    engine: engineOf(context),
    async run(wish) {
      wish.signal?.throwIfAborted()
      const options = containerOptions(wish)
      await ensureImage(context, options, () => undefined)
      const record = await createContainer(context, options)
      try {
        const container = await startAttached(context, record, wish.terminal)
        killOnAbort(container, wish.signal)
        return container
      } catch (error) {
        if (record.options.rm) await removeIfPresent(context, record)
        throw error
      }
    },
    close,
    [Symbol.dispose]: close,
  }
}

/** The container must not outlive the wish for it, nor the listener the container. */
function killOnAbort(container: ApiContainer, signal: AbortSignal | undefined): void {
  if (!signal) return
  // It may have ended by itself in the same moment; whoever waits for it hears how.
  const kill = (): void => void container.kill().catch(() => undefined)
  if (signal.aborted) return kill()
  signal.addEventListener('abort', kill, { once: true })
  const forget = (): void => signal.removeEventListener('abort', kill)
  container.wait().then(forget, forget)
}

let shared: Runtime | undefined

/** Create and start a container in the user's default state folders. */
export async function run(options: RunOptions): Promise<ApiContainer> {
  shared ??= openRuntime()
  return shared.run(options)
}
