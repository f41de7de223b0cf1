import { readMergedFile } from './read-merged-file.ts'
import { type StoreFolders, layerFolder } from './store-folders.ts'

/** /etc/passwd and /etc/group of an image, captured while it is added, so that starting a container needs no look into it. */
export function mergedAccounts(
  folders: StoreFolders,
  chainIds: readonly string[],
): { passwd: string | undefined; group: string | undefined } {
  const layers = chainIds.map((chainId) => layerFolder(folders, chainId))
  return {
    passwd: readMergedFile(layers, '/etc/passwd'),
    group: readMergedFile(layers, '/etc/group'),
  }
}
