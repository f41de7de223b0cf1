import type { FileTime } from '../../native/file.ts'
import { OperationError } from '../../native/error.ts'
import { fromRaw, toRaw } from '../../native/raw-text.ts'
import { type Owner, resolveOwner } from './owner.ts'
import { placeInRoot } from './place-in-root.ts'
import type { StepFolder } from './step-folder.ts'
import { openStepRoot } from './step-root.ts'
import { createTreeWriter } from './tree-writer.ts'

/**
 * WORKDIR: make the folder, and those above it, where they are missing, with mode 0755 for `user`
 * (empty: root).
 *
 * @param path absolute; links are followed inside the root
 * @returns whether anything was made
 * @throws {OperationError} `INVALID_ARGUMENT` where a file is in the way, `NOT_FOUND` for the user
 */
export function workdirStep(
  step: StepFolder,
  path: string,
  { user, time }: { readonly user: string; readonly time: FileTime },
): boolean {
  using root = openStepRoot(step)
  const place = placeInRoot(root.descriptor, toRaw(path))
  if (place.kind === 'directory') return false
  if (place.kind === 'other')
    throw new OperationError(
      'INVALID_ARGUMENT',
      `make the working folder ${path}`,
      { reason: `/${fromRaw(place.path)} is a file` },
      { exitCode: 1 },
    )
  const owner: Owner = user === '' ? { uid: 0, gid: 0 } : resolveOwner(root.descriptor, user)
  const writer = createTreeWriter(root.descriptor)
  try {
    writer.ensureFolder(place.path, { ...owner, mode: 0o755, mtime: time, xattrs: new Map() })
    writer.finish()
  } finally {
    writer.close()
  }
  return true
}
