import type { StopOptions } from '../cli/engine.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { resolveContainer } from './record-store.ts'
import { prepareRootless } from './rootless-start.ts'
import { startContainer } from './start.ts'
import { stopContainer } from './stop.ts'

/** Stop where it runs, and start again. @throws {OperationError} as stop and start do */
export async function restartContainer(
  context: EngineContext,
  reference: string,
  options: StopOptions,
): Promise<void> {
  const record = resolveContainer(context.folders, reference)
  prepareRootless(context, record.options, (text) => options.warn?.(text))
  await stopContainer(context, record.id, options)
  await startContainer(context, record, { hold: false })
  publishContainerEvent(context.folders, record, 'restart')
}
