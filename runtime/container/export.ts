import { openMergedRoot } from '../../rootfs/merged-root.ts'
import { treeTar } from '../../rootfs/layer/tree-tar.ts'
import type { TextSink } from '../cli/command-io.ts'
import { ownerInside } from './commit.ts'
import { containerFolder } from './container-folder.ts'
import { mappingsOf } from './container-root.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { resolveContainer } from './record-store.ts'
import { rootOfRecord } from './resolve-image.ts'

/** How many pieces are written before others get their turn. */
const piecesPerBreath = 16

/**
 * `export`: the file system of a container as one plain tar, as its layers and its own folder give it: where
 * volumes, binds and /proc are mounted the tar has what is below them. It need not stand still; files
 * that are written meanwhile come out as they were when their turn came.
 *
 * @throws {OperationError} `NOT_FOUND`
 */
export async function exportContainer(
  context: EngineContext,
  container: string,
  output: TextSink,
): Promise<void> {
  const { folders } = context
  const record = resolveContainer(folders, container)
  const { layerFolders } = await rootOfRecord(context, record.imageId, record.options)
  const { upper } = containerFolder(folders, record.id)
  using root = openMergedRoot(record.options.rootfs ? layerFolders : [...layerFolders, upper])
  const pieces = treeTar({
    folder: `/proc/self/fd/${root.descriptor}/.`,
    ownerOf: ownerInside(mappingsOf(folders, record)),
  })
  let count = 0
  for (const piece of pieces) {
    output.write(piece)
    if (++count % piecesPerBreath === 0) await new Promise(setImmediate)
  }
  publishContainerEvent(folders, record, 'export')
}
