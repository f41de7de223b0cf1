import { rmSync } from 'node:fs'
import { removeTreeAt } from '../layer/remove-tree.ts'
import { currentFolder } from '../../native/file.ts'

/** Remove a folder of the store with everything below, whatever its modes are. */
export function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // As an ordinary user a folder without permissions needs them back first.
    removeTreeAt(currentFolder, path)
  }
}
