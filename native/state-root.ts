import { accessSync, constants, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperationError } from './error.ts'
import { isSystemError } from './system-error.ts'

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

/**
 * Refuse folders of an ordinary user that cannot be written or made, as where HOME is missing.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function requireUserFolders({
  dataDir,
  runDir,
}: {
  readonly dataDir: string
  readonly runDir: string
}): void {
  for (const [folder, variables] of [
    [dataDir, 'HOME or XDG_DATA_HOME'],
    [runDir, 'XDG_RUNTIME_DIR'],
  ] as const)
    if (!canBeUsed(folder))
      throw new OperationError(
        'INVALID_ARGUMENT',
        'use a folder for our state',
        { folder },
        { hint: `Set ${variables} to a folder that you may write, or choose one with --root` },
      )
}

/** Whether a folder, or the nearest one above it that is there, can be written. */
function canBeUsed(folder: string): boolean {
  for (let path = folder; ; path = dirname(path)) {
    try {
      accessSync(path, constants.W_OK | constants.X_OK)
      return true
    } catch (error) {
      if (!isSystemError(error, 'ENOENT') || path === dirname(path)) return false
    }
  }
}

function isProcfs(path: string): boolean {
  return statfsSync(path).type === PROC_SUPER_MAGIC
}
