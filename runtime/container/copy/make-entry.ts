import { constants, fstatSync } from 'node:fs'
import {
  changeModeAt,
  changeOwnerAt,
  closeFile,
  deviceNumber,
  linkAt,
  makeDirectoryAt,
  makeNodeAt,
  makeSymlinkAt,
  openAt,
  openFlags,
  setTimesAt,
  unlinkAt,
} from '../../../native/file.ts'
import { rawPath } from '../../../rootfs/layer/folder-cache.ts'
import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'
import type { FileView } from '../file-view/file-view.ts'
import { fromRaw } from '../../../native/raw-text.ts'
import { childPath } from '../file-view/walk-path.ts'
import { check, refuse } from './copy-failure.ts'
import { createIn } from './create-in.ts'
import type { AttributeRules } from './entry-attributes.ts'
import type { TargetFolder } from './target-folders.ts'

// One entry of a tree, made in a folder that is open. Somebody else may control and change what is in it meanwhile.

const EPERM = 1
const EBUSY = 16
const newFileFlags =
  constants.O_WRONLY | openFlags.create | openFlags.exclusive | openFlags.noFollow
const newFileMode = 0o600
const newFolderMode = 0o700

/** Where an entry is to be. */
export interface EntryPlace {
  readonly folder: TargetFolder
  readonly name: string
  /** For messages. */
  readonly path: string
}

/** A folder, if there is none yet. */
export function makeFolder({ folder, name, path }: EntryPlace): void {
  const existing = kindAt(folder, name)
  if (existing === 'other') throw refuse(path, 'a folder cannot replace what is no folder')
  if (existing !== undefined) return
  const make = (): number => makeDirectoryAt(folder.file, rawPath(name), newFolderMode)
  check('make a folder', path, createIn(folder.file, make))
}

/** Make room for something that is no folder. */
export function clearPlace(view: FileView, { folder, name, path }: EntryPlace): void {
  const existing = kindAt(folder, name)
  if (existing === 'folder') throw refuse(path, 'a folder cannot be replaced by what is none')
  const place = childPath(folder.path, name)
  if (view.mounts.some(({ destination }) => destination === place))
    check('replace a file', path, -EBUSY)
  if (existing !== undefined) check('replace a file', path, unlinkAt(folder.file, rawPath(name)))
}

/** @returns the descriptor of a new, empty file */
export function createFile({ folder, name, path }: EntryPlace): number {
  const descriptor = createIn(folder.file, () =>
    openAt(folder.file, rawPath(name), newFileFlags, newFileMode),
  )
  check('create a file', path, descriptor)
  return descriptor
}

export function makeSymlink(
  { ownerOf }: AttributeRules,
  { folder, name, path }: EntryPlace,
  entry: TarEntry,
): void {
  const made = createIn(folder.file, () =>
    makeSymlinkAt(rawPath(entry.linkName), folder.file, rawPath(name)),
  )
  check('make a symbolic link', path, made)
  const { uid, gid } = ownerOf(entry)
  changeOwnerAt(folder.file, rawPath(name), uid, gid)
  setTimesAt(folder.file, rawPath(name), entry.mtime, entry.mtime)
}

/** @param from where the first name of the file is */
export function makeHardLink(
  from: { readonly folder: TargetFolder; readonly name: string },
  { folder, name, path }: EntryPlace,
): void {
  const linked = createIn(folder.file, () =>
    linkAt(from.folder.file, rawPath(from.name), folder.file, rawPath(name)),
  )
  check('make a hard link', path, linked)
}

export function makeNode(
  { ownerOf, onNote }: AttributeRules,
  { folder, name, path }: EntryPlace,
  entry: TarEntry,
): void {
  const type = nodeTypes[entry.kind] ?? constants.S_IFIFO
  const device = entry.kind === 'fifo' ? 0 : deviceNumber(entry.devMajor, entry.devMinor)
  const bytes = rawPath(name)
  const made = createIn(folder.file, () =>
    makeNodeAt(folder.file, bytes, type | newFileMode, device),
  )
  if (made === -EPERM) return onNote(`${fromRaw(path)}: this user may not make devices`)
  check('make a device or pipe', path, made)
  const { uid, gid } = ownerOf(entry)
  changeOwnerAt(folder.file, bytes, uid, gid)
  // By descriptor: the name may be a symbolic link by now.
  const opened = openAt(folder.file, bytes, openFlags.path | openFlags.noFollow)
  if (opened < 0) return
  if (!fstatSync(opened).isSymbolicLink()) changeModeAt(-100, `/proc/self/fd/${opened}`, entry.mode)
  closeFile(opened)
  setTimesAt(folder.file, bytes, entry.mtime, entry.mtime)
}

const nodeTypes: Readonly<Record<string, number>> = {
  fifo: constants.S_IFIFO,
  'character-device': constants.S_IFCHR,
  'block-device': constants.S_IFBLK,
}

function kindAt(folder: TargetFolder, name: string): 'folder' | 'other' | undefined {
  const opened = openAt(folder.file, rawPath(name), openFlags.path | openFlags.noFollow)
  if (opened < 0) return undefined
  const isFolder = fstatSync(opened).isDirectory()
  closeFile(opened)
  return isFolder ? 'folder' : 'other'
}
