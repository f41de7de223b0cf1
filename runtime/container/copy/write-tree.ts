import { constants, fstatSync, ftruncateSync, writeSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { errnoName } from '../../../native/errno.ts'
import {
  type FileTime,
  changeMode,
  changeOwner,
  changeOwnerAt,
  changeModeAt,
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
import { setAttribute } from '../../../native/xattr.ts'
import { rawPath } from '../../../rootfs/layer/folder-cache.ts'
import { cleanPath, isAllowedAttribute, splitPath } from '../../../rootfs/layer/plan.ts'
import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'
import type { FileView } from '../file-view/file-view.ts'
import { fromRaw } from '../file-view/raw-text.ts'
import { type Place, childPath } from '../file-view/walk-path.ts'
import { createIn } from './create-in.ts'
import type { EntrySink } from './entry-sink.ts'
import { type TargetFolder, createTargetFolders } from './target-folders.ts'

const EPERM = 1
const newFileFlags =
  constants.O_WRONLY | openFlags.create | openFlags.exclusive | openFlags.noFollow
const newFileMode = 0o600
const newFolderMode = 0o700

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface WriteTreeOptions {
  readonly view: FileView
  /** The folder that names are relative to. */
  readonly target: Place
  /** Whom a copy belongs to, in ids of the disk. */
  readonly ownerOf: (entry: TarEntry) => Owner
  /** Whether extended attributes come along. */
  readonly keepAttributes: boolean
  /** Whether the entry "." sets the attributes of the target itself. */
  readonly setTarget: boolean
  /**
   * Whether a symbolic link may stand for a folder on the way to a name. An archive may name files
   * without their folders; a copied tree brings each folder along, and finding a link in its place
   * means that somebody put it there meanwhile.
   */
  readonly followLinks: boolean
  /** Told what could not be kept. */
  readonly onNote: (note: string) => void
}

interface OpenFile {
  readonly descriptor: number
  readonly entry: TarEntry
  chunk: number
  inChunk: number
}

/**
 * Writes entries below a folder whose content somebody else may control and change meanwhile.
 * Files are replaced, not written into; a folder never gives way to a file nor a file to a folder.
 */
export function createTreeWriter(options: WriteTreeOptions): EntrySink {
  const { view, target, ownerOf, keepAttributes } = options
  const folders = createTargetFolders(view, target, ownerOf, options.followLinks)
  const folderEntries = new Map<string, TarEntry>()
  let file: OpenFile | undefined

  function makeFolder(folder: TargetFolder, name: string, path: string, entry: TarEntry): void {
    const existing = kindAt(folder, name)
    if (existing === 'other') throw refuse(path, 'a folder cannot replace what is no folder')
    if (existing === undefined) {
      const make = (): number => makeDirectoryAt(folder.file, rawPath(name), newFolderMode)
      check('make a folder', path, createIn(folder.file, make))
    }
    folderEntries.set(path, entry)
  }

  /** Make room for something that is no folder. */
  function clear(folder: TargetFolder, name: string, path: string): void {
    const existing = kindAt(folder, name)
    if (existing === 'folder') throw refuse(path, 'a folder cannot be replaced by what is none')
    const place = childPath(folder.path, name)
    if (view.mounts.some(({ destination }) => destination === place))
      check('replace a file', path, -16)
    if (existing !== undefined) check('replace a file', path, unlinkAt(folder.file, rawPath(name)))
  }

  function beginFile(folder: TargetFolder, name: string, path: string, entry: TarEntry): void {
    const descriptor = createIn(folder.file, () =>
      openAt(folder.file, rawPath(name), newFileFlags, newFileMode),
    )
    check('create a file', path, descriptor)
    file = { descriptor, entry, chunk: 0, inChunk: 0 }
  }

  function makeSymlink(folder: TargetFolder, name: string, path: string, entry: TarEntry): void {
    const made = createIn(folder.file, () =>
      makeSymlinkAt(rawPath(entry.linkName), folder.file, rawPath(name)),
    )
    check('make a symbolic link', path, made)
    const { uid, gid } = ownerOf(entry)
    changeOwnerAt(folder.file, rawPath(name), uid, gid)
    setTimesAt(folder.file, rawPath(name), entry.mtime, entry.mtime)
  }

  function makeLink(folder: TargetFolder, name: string, path: string, entry: TarEntry): void {
    const to = splitPath(cleanPath(entry.linkName))
    const from = folders.open(to.parent)
    const linked = createIn(folder.file, () =>
      linkAt(from.file, rawPath(to.name), folder.file, rawPath(name)),
    )
    check('make a hard link', path, linked)
  }

  function makeNode(folder: TargetFolder, name: string, path: string, entry: TarEntry): void {
    const type = nodeTypes[entry.kind] ?? constants.S_IFIFO
    const device = entry.kind === 'fifo' ? 0 : deviceNumber(entry.devMajor, entry.devMinor)
    const bytes = rawPath(name)
    const made = createIn(folder.file, () =>
      makeNodeAt(folder.file, bytes, type | newFileMode, device),
    )
    if (made === -EPERM) return options.onNote(`${fromRaw(path)}: this user may not make devices`)
    check('make a device or pipe', path, made)
    const { uid, gid } = ownerOf(entry)
    changeOwnerAt(folder.file, bytes, uid, gid)
    // By descriptor: the name may be a symbolic link by now.
    const opened = openAt(folder.file, bytes, openFlags.path | openFlags.noFollow)
    if (opened < 0) return
    if (!fstatSync(opened).isSymbolicLink())
      changeModeAt(-100, `/proc/self/fd/${opened}`, entry.mode)
    closeFile(opened)
    setTimesAt(folder.file, bytes, entry.mtime, entry.mtime)
  }

  function applyAttributes(entry: TarEntry, set: (name: Buffer, value: Buffer) => number): void {
    if (!keepAttributes) return
    for (const [name, value] of entry.xattrs) {
      if (!isAllowedAttribute(name)) continue
      if (set(rawPath(name), value) < 0)
        options.onNote(`extended attribute ${name.slice(0, 60)} could not be kept`)
    }
  }

  /** The owner first: changing it takes set-user-id bits and capabilities away. */
  function settle(descriptor: number, path: string, entry: TarEntry): void {
    const { uid, gid } = ownerOf(entry)
    check('set an owner', path, changeOwner(descriptor, uid, gid))
    check('set a mode', path, changeMode(descriptor, entry.mode))
    applyAttributes(entry, (name, value) => setAttribute(descriptor, name, value))
    setTimes(descriptor, entry.mtime)
  }

  function settleFolder(path: string, entry: TarEntry): void {
    const { parent, name } = splitPath(path)
    const at = path === '' ? target.file : folders.open(parent).file
    const flags = openFlags.directory | openFlags.noFollow
    const opened = openAt(at ?? -1, rawPath(path === '' ? '.' : name), flags)
    if (opened < 0) return
    try {
      settle(opened, path, entry)
    } finally {
      closeFile(opened)
    }
  }

  return {
    entry(entry) {
      const path = cleanPath(entry.name)
      if (path === '') {
        if (options.setTarget && entry.kind === 'directory') folderEntries.set('', entry)
        return
      }
      const { parent, name } = splitPath(path)
      const folder = folders.open(parent)
      if (!folder.isWritable) throw readOnlyError(path)
      if (entry.kind === 'directory') return makeFolder(folder, name, path, entry)
      clear(folder, name, path)
      if (entry.kind === 'file') beginFile(folder, name, path, entry)
      else if (entry.kind === 'symlink') makeSymlink(folder, name, path, entry)
      else if (entry.kind === 'hardlink') makeLink(folder, name, path, entry)
      else makeNode(folder, name, path, entry)
    },
    data(chunk) {
      if (file) writeStored(file, chunk)
    },
    end() {
      if (!file) return
      const { descriptor, entry } = file
      if (entry.sparse) ftruncateSync(descriptor, entry.size)
      settle(descriptor, entry.name, entry)
      closeFile(descriptor)
      file = undefined
    },
    finish() {
      // Deepest first: making children changes times, and a mode may forbid going in.
      const paths = [...folderEntries.keys()].toSorted().toReversed()
      for (const path of paths) {
        const entry = folderEntries.get(path)
        if (entry) settleFolder(path, entry)
      }
    },
    close() {
      if (file) closeFile(file.descriptor)
      file = undefined
      folders.close()
    },
  }
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

function setTimes(descriptor: number, time: FileTime): void {
  setTimesAt(descriptor, null, time, time)
}

/** Stored bytes to where they belong; holes are jumped over. */
function writeStored(file: OpenFile, chunk: Buffer): void {
  const { sparse } = file.entry
  if (!sparse) return writeAll(file.descriptor, chunk, null)
  for (let at = 0; at < chunk.length;) {
    const stretch = sparse[file.chunk]
    if (!stretch) throw new OperationError('INVALID_IMAGE', 'write a sparse file')
    const size = Math.min(stretch.size - file.inChunk, chunk.length - at)
    if (size > 0)
      writeAll(file.descriptor, chunk.subarray(at, at + size), stretch.offset + file.inChunk)
    at += size
    file.inChunk += size
    if (file.inChunk < stretch.size) continue
    file.chunk++
    file.inChunk = 0
  }
}

function writeAll(descriptor: number, chunk: Buffer, position: number | null): void {
  for (let at = 0; at < chunk.length;)
    at += writeSync(
      descriptor,
      chunk,
      at,
      chunk.length - at,
      position === null ? null : position + at,
    )
}

function check(step: string, path: string, result: number): void {
  if (result >= 0) return
  throw new OperationError(
    'SYSCALL_FAILED',
    step,
    { path: fromRaw(path), errno: errnoName(result) },
    { exitCode: 1 },
  )
}

function refuse(path: string, reason: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `copy to ${fromRaw(path)}`,
    { reason },
    { exitCode: 1 },
  )
}

function readOnlyError(path: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `copy to ${fromRaw(path)}`,
    { reason: 'the root file system or volume is read-only' },
    { exitCode: 1 },
  )
}
