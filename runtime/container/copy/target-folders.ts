import { fstatSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { errnoName } from '../../../native/errno.ts'
import { changeOwner, closeFile, makeDirectoryAt, openAt, openFlags } from '../../../native/file.ts'
import { rawPath } from '../../../rootfs/layer/folder-cache.ts'
import { splitPath } from '../../../rootfs/layer/plan.ts'
import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'
import type { FileView } from '../file-view/file-view.ts'
import { fromRaw } from '../../../native/raw-text.ts'
import { type Place, childPath, openStep, walkPath } from '../file-view/walk-path.ts'
import { createIn } from './create-in.ts'

const ENOENT = 2
const impliedMode = 0o755
const maxOpenFolders = 512

/** A folder that files are written into. */
export interface TargetFolder {
  readonly file: number
  /** Absolute path in the view. */
  readonly path: string
  readonly isWritable: boolean
}

export interface TargetFolders {
  /** The folder at a clean path below the target; made where it is missing. Owned by this. */
  open(path: string): TargetFolder
  close(): void
}

/**
 * Descriptors of the folders below a target. A symbolic link in place of a folder is followed
 * inside the view, as a process of the container would, only with `followLinks`.
 */
export function createTargetFolders(
  view: FileView,
  target: Place,
  ownerOf: (entry: TarEntry) => { readonly uid: number; readonly gid: number },
  followLinks: boolean,
): TargetFolders {
  const opened = new Map<string, TargetFolder & { close(): void }>()
  const top: TargetFolder = {
    file: target.file ?? -1,
    path: target.path,
    isWritable: target.isWritable,
  }
  const close = (): void => {
    for (const folder of opened.values()) folder.close()
    opened.clear()
  }

  function openBelow(path: string): TargetFolder {
    if (path === '') return top
    const known = opened.get(path)
    if (known) return known
    const { parent, name } = splitPath(path)
    const at = openBelow(parent)
    let step = openStep(view, at, name)
    if (step === -ENOENT) {
      make(at, name, path)
      step = openStep(view, at, name)
    }
    if (typeof step === 'number') throw folderError(path, step)
    const folder = asFolder({ ...step, close: closer(step.file) }, path)
    opened.set(path, folder)
    return folder
  }

  function asFolder(
    found: TargetFolder & { close(): void },
    path: string,
  ): TargetFolder & { close(): void } {
    const status = fstatSync(found.file)
    if (status.isDirectory()) return found
    found.close()
    if (!status.isSymbolicLink() || !followLinks) throw folderError(path, -20)
    const place = walkPath(view, `${found.path}/`, true)
    if (place.file !== undefined) return { ...place, file: place.file }
    place.close()
    throw folderError(path, -ENOENT)
  }

  function make(at: TargetFolder, name: string, path: string): void {
    if (!at.isWritable) throw folderError(path, -30)
    const made = createIn(at.file, () => makeDirectoryAt(at.file, rawPath(name), impliedMode))
    if (made < 0) throw folderError(path, made)
    const folder = openAt(at.file, rawPath(name), openFlags.directory | openFlags.noFollow)
    if (folder < 0) throw folderError(path, folder)
    const { uid, gid } = ownerOf(impliedFolder(path))
    changeOwner(folder, uid, gid)
    closeFile(folder)
  }

  return {
    open(path) {
      if (opened.size > maxOpenFolders) close()
      return openBelow(path)
    },
    close,
  }
}

function closer(file: number): () => void {
  return () => void closeFile(file)
}

/** What an archive means that lists a file but not the folder it is in. */
function impliedFolder(name: string): TarEntry {
  return {
    kind: 'directory',
    name,
    linkName: '',
    mode: impliedMode,
    uid: 0,
    gid: 0,
    size: 0,
    storedSize: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
    sparse: undefined,
  }
}

function folderError(path: string, errno: number): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `open the folder ${fromRaw(childPath('.', path))}`,
    { errno: errnoName(errno) },
    { exitCode: 1 },
  )
}
