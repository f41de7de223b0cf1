import { OperationError } from '../../native/error.ts'
import type { CopyOptions } from '../cli/engine.ts'
import { withContainerRoot } from './container-root.ts'
import { copyArchiveTo, copyToArchive } from './copy/copy-archive.ts'
import { type CopyIo, copyBetween } from './copy/copy-between.ts'
import type { EngineContext } from './engine-context.ts'
import { openHostView } from './file-view/host-view.ts'
import { resolveContainer } from './record-store.ts'

/**
 * `cp`: between the host, or an archive on standard input or output, and a container, running or
 * not. Nothing of the container's is executed, and no path of its making leads out of its root.
 *
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT`
 */
export async function copyFiles(
  context: EngineContext,
  options: CopyOptions,
  io: CopyIo,
): Promise<void> {
  const { from, to } = options
  const [container, host] = from.kind === 'container' ? [from, to] : [to, from]
  if (container.kind !== 'container' || host.kind !== 'host')
    throw new OperationError('INVALID_ARGUMENT', 'copy between two places of one kind')
  const record = resolveContainer(context.folders, container.container)
  const write = to.kind === 'container'
  await withContainerRoot(context, record, { write }, async (view) => {
    const inside = { view, path: container.path, isContainer: true }
    if (host.path === '-')
      return write ? copyArchiveTo(inside, options, io) : copyToArchive(inside, options, io.stdout)
    const hostView = openHostView()
    try {
      const outside = { view: hostView, path: host.path, isContainer: false }
      const [source, target] = write ? [outside, inside] : [inside, outside]
      await copyBetween(source, target, options, io)
    } finally {
      hostView.close()
    }
  })
}
