import { createContainer } from '../container/create.ts'
import { openContext, engineOf } from '../container/open-engine.ts'
import { removeContainer } from '../container/remove.ts'
import type { Engine } from '../cli/engine.ts'
import { type ApiContainer, startAttached } from './container.ts'
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
   * @throws {OperationError} `START_FAILED`, `NOT_FOUND`, …; with `remove` nothing is left then
   */
  run(options: RunOptions): Promise<ApiContainer>
  /** Every verb of the command line. */
  readonly engine: Engine
  /** Let go: containers go on. */
  close(): void
}

export function openRuntime({ root }: RuntimeOptions = {}): Runtime {
  const context = openContext(root, process.env)
  return {
    engine: engineOf(context),
    async run(wish) {
      const record = await createContainer(context, containerOptions(wish))
      try {
        return await startAttached(context, record, wish.terminal)
      } catch (error) {
        if (record.options.rm)
          await removeContainer(context, record.id, { force: true, volumes: true })
        throw error
      }
    },
    close: () => context.zygote.close(),
  }
}

let shared: Runtime | undefined

/** Create and start a container in the user's default state folders. */
export async function run(options: RunOptions): Promise<ApiContainer> {
  shared ??= openRuntime()
  return shared.run(options)
}
