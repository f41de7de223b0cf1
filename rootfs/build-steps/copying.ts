import { placeInRoot } from './place-in-root.ts'
import type { FileTime } from '../../native/file.ts'
import type { UntrustedRoot } from '../path-in-root.ts'
import type { CopyRequest } from './copy-request.ts'
import type { ChangeMode } from './file-mode.ts'
import type { Owner } from './owner.ts'
import { toRaw } from '../../native/raw-text.ts'
import type { FileAttributes, TreeWriter } from './tree-writer.ts'

/** A COPY or ADD that is being carried out. */
export interface Copying {
  readonly root: UntrustedRoot
  readonly writer: TreeWriter
  readonly request: CopyRequest
  /** Of `--chown`. */
  readonly owner: Owner | undefined
  readonly changeMode: ChangeMode | undefined
  /** The destination is a folder, whatever is there. */
  readonly isFolder: boolean
}

const folderMode = 0o755

export const noAttributes: ReadonlyMap<string, Buffer> = new Map()

/** Whose everything is that has no owner of its own. */
export const rootOwner: Owner = { uid: 0, gid: 0 }

/** Attributes of what is made by us, and is no copy of something. */
export function made(
  { owner, changeMode }: Copying,
  mode: number,
  mtime: FileTime,
): FileAttributes {
  return {
    ...(owner ?? rootOwner),
    mode: changeMode ? changeMode(mode, false) : mode,
    mtime,
    xattrs: noAttributes,
  }
}

function newFolder({ owner, request }: Copying): FileAttributes {
  return { ...(owner ?? rootOwner), mode: folderMode, mtime: request.time, xattrs: noAttributes }
}

/** The destination as a folder, made where it is missing. @returns its path */
export function destinationFolder(copying: Copying): string {
  const { path } = placeInRoot(copying.root.descriptor, toRaw(copying.request.destination))
  copying.writer.ensureFolder(path, newFolder(copying))
  return path
}

/**
 * Path that a file goes to: below the destination where that is a folder, else the destination itself.
 *
 * @param base its name, one character per byte
 */
export function filePlace(copying: Copying, base: string): string {
  const { destination } = copying.request
  const found = placeInRoot(copying.root.descriptor, toRaw(destination))
  if (copying.isFolder || found.kind === 'directory')
    return joinPath(destinationFolder(copying), base)
  const slash = found.path.lastIndexOf('/')
  copying.writer.ensureFolder(slash === -1 ? '' : found.path.slice(0, slash), newFolder(copying))
  return found.path
}

export function joinPath(folder: string, name: string): string {
  if (folder === '') return name
  return name === '' ? folder : `${folder}/${name}`
}
