import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperationError } from './error.ts'

const PROC_SUPER_MAGIC = 0x9fa0

/**
 * Refuse a state root that cannot be a folder. One below /proc is refused as well: there
 * `mkdirSync` with `recursive` never comes back, because what the kernel says is "No such file".
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function requireStateRoot(root: string): void {
  for (let path = root; ; path = dirname(path)) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (!found && path !== dirname(path)) continue
    const isUsable = found?.isDirectory() && (path === root || !isProcfs(path))
    if (isUsable) return
    throw new OperationError(
      'INVALID_ARGUMENT',
      'use a folder for our state',
      { root },
      { hint: '--root and MYCONTAINER_ROOT take a folder, or the path of one that can be made' },
    )
  }
}

function isProcfs(path: string): boolean {
  return statfsSync(path).type === PROC_SUPER_MAGIC
}
