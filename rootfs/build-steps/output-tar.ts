import { endOfArchive } from '../layer/tar-writer.ts'
import { treeTar } from '../layer/tree-tar.ts'
import { openMergedRoot } from '../merged-root.ts'

/**
 * `-o type=tar`: the merged files of a stage as one plain tar, in pieces.
 *
 * @param layerFolders absolute, lowest first
 */
export function* outputTar(
  layerFolders: readonly string[],
  options: {
    /** SOURCE_DATE_EPOCH, seconds: later times become this one. */
    readonly epoch?: number | undefined
    readonly onNote: (note: string) => void
  },
): Generator<Buffer> {
  if (layerFolders.length === 0) return yield endOfArchive
  using root = openMergedRoot(layerFolders)
  yield* treeTar({
    // The dot: what is opened must be no link, and the name in /proc is one.
    folder: `/proc/self/fd/${root.descriptor}/.`,
    latestTime: options.epoch,
    onNote: options.onNote,
  })
}
