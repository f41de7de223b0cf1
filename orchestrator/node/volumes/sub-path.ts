import { fstatSync, mkdirSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { requireSuccess } from '../../../native/ffi/library.ts'
import {
  changeMode,
  closeFile,
  currentFolder,
  makeDirectoryAt,
  openAt,
  openAt2,
  openFlags,
  resolveFlags,
} from '../../../native/file.ts'
import { bindDescriptor, unmountBelow } from './mounted.ts'

// A container may write into its volumes, so any name in there may become a symlink at any moment. A path below a
// volume is therefore resolved once, by the kernel, which refuses to leave the volume, and what was found is used by
// descriptor only (CVE-2017-1002101, CVE-2021-25741).

const beneath = resolveFlags.beneath | resolveFlags.noMagicLinks
const enoent = 2
const eexist = 17

/**
 * Bind `subPath` of a volume on `target`, from where the runtime takes it by a name that no container can change.
 * Missing folders are made, with the mode of the volume's root.
 *
 * @throws {OperationError} `SYSCALL_FAILED`, errno EXDEV where the path leads out of the volume
 */
export function bindSubPath(volume: string, subPath: string, target: string): void {
  // What the node's administrator linked may be followed: the volume itself is not the container's.
  const root = requireSuccess(openAt(currentFolder, volume, openFlags.path), 'open a volume', {
    volume,
  })
  try {
    const found = openBeneath(root, subPath)
    try {
      makeTarget(target, fstatSync(found).isDirectory())
      bindDescriptor(found, target)
    } finally {
      closeFile(found)
    }
  } finally {
    closeFile(root)
  }
}

/** @returns a descriptor with O_PATH */
function openBeneath(root: number, subPath: string): number {
  const result = openPath(root, subPath)
  if (result !== -enoent) return requireSuccess(result, 'open a path in a volume', { subPath })
  makeFolders(root, subPath)
  return requireSuccess(openPath(root, subPath), 'open a path in a volume', { subPath })
}

function openPath(root: number, path: string): number {
  return openAt2(root, path === '' ? '.' : path, { flags: openFlags.path, resolve: beneath })
}

function makeFolders(root: number, subPath: string): void {
  const mode = fstatSync(root).mode & 0o7777
  const parts = subPath.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..'))
    throw new OperationError('INVALID_ARGUMENT', 'make a path in a volume', { subPath })
  for (let depth = 1; depth <= parts.length; depth++) {
    const path = parts.slice(0, depth).join('/')
    const found = openPath(root, path)
    if (found >= 0) closeFile(found)
    else if (found === -enoent)
      makeFolder(root, parts.slice(0, depth - 1).join('/'), parts[depth - 1]!, mode)
    else requireSuccess(found, 'open a path in a volume', { subPath })
  }
}

function makeFolder(root: number, parentPath: string, name: string, mode: number): void {
  const detail = { parent: parentPath, name }
  const parent = requireSuccess(openPath(root, parentPath), 'open a path in a volume', detail)
  try {
    const made = makeDirectoryAt(parent, name, mode)
    // Another container of the pod was faster, or it is a symlink that leads nowhere: the next look tells.
    if (made === -eexist) return
    requireSuccess(made, 'make a folder in a volume', detail)
    const flags = openFlags.directory | openFlags.noFollow
    const folder = openAt2(parent, name, { flags, resolve: beneath })
    if (folder < 0) return
    // The umask is not to count.
    changeMode(folder, mode)
    closeFile(folder)
  } finally {
    closeFile(parent)
  }
}

/** Of the kind of what is bound on it. What an earlier start of the container left goes away first. */
function makeTarget(target: string, isFolder: boolean): void {
  unmountBelow(target)
  mkdirSync(dirname(target), { recursive: true, mode: 0o750 })
  const stat = statSync(target, { throwIfNoEntry: false })
  if (stat?.isDirectory() === isFolder) return
  if (stat?.isDirectory()) rmdirSync(target)
  else if (stat) unlinkSync(target)
  if (isFolder) mkdirSync(target, { mode: 0o750 })
  else writeFileSync(target, '', { mode: 0o640 })
}
