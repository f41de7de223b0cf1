import { fstatSync } from 'node:fs'
import { errnoName } from '../../native/errno.ts'
import { OperationError } from '../../native/error.ts'
import {
  type FileTime,
  changeMode,
  changeModeAt,
  changeOwner,
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
} from '../../native/file.ts'
import { setAttribute } from '../../native/xattr.ts'
import { type FolderCache, createFolderCache, rawPath } from '../layer/folder-cache.ts'
import { splitPath } from '../layer/plan.ts'
import type { Owner } from './owner.ts'
import { fromRaw } from '../../native/raw-text.ts'
import { fileTime } from './read-source.ts'
import type { SourceFile } from './source-file.ts'

const EEXIST = 17
const ENOENT = 2
const EISDIR = 21
const EPERM = 1
const newFile = openFlags.writeOnly | openFlags.create | openFlags.exclusive | openFlags.noFollow
const realFolder = openFlags.directory | openFlags.noFollow

/** What a file that is made gets. */
export interface FileAttributes extends Owner {
  readonly mode: number
  readonly mtime: FileTime
  readonly xattrs: ReadonlyMap<string, Buffer>
}

/**
 * Makes files below one root. Paths are relative to it, clean, and were resolved before: no symbolic
 * link is on them. Folders that were there keep their times, although files are added to them, so
 * that the same input gives the same layer.
 */
export interface TreeWriter {
  /** Make a folder and those above it, where they are missing, all alike. */
  ensureFolder(path: string, attributes: FileAttributes): void
  /**
   * @param overwrites whether a folder that is there gets the attributes, too
   * @throws {OperationError} `INVALID_ARGUMENT` where something else is there
   */
  folder(path: string, attributes: FileAttributes, overwrites: boolean): void
  /** A new file, in place of what is there; `fill` writes its content. */
  file(path: string, attributes: FileAttributes, fill: (descriptor: number) => void): void
  symlink(path: string, target: string, attributes: FileAttributes): void
  node(path: string, file: SourceFile, attributes: FileAttributes): void
  /** Another name for a file that was made before. */
  link(path: string, existing: string): void
  /** Set the times of folders, which writing into them has changed. */
  finish(): void
  close(): void
}

export function createTreeWriter(root: number): TreeWriter {
  const state: WriterState = { root, folders: createFolderCache(root), times: new Map() }
  return {
    folder: (path, attributes, overwrites) => makeFolder(state, path, attributes, overwrites),
    ensureFolder(path, attributes) {
      const names = path === '' ? [] : path.split('/')
      for (const depth of names.keys())
        makeFolder(state, names.slice(0, depth + 1).join('/'), attributes, false)
    },
    file: (path, attributes, fill) => makeFile(state, path, attributes, fill),
    symlink(path, target, attributes) {
      replace(state, path, (at, name) => makeSymlinkAt(rawPath(target), at, name))
      applyByName(state, path, attributes, false)
    },
    node(path, file, attributes) {
      const { type, device } = nodeOf(file)
      replace(state, path, (at, name) => makeNodeAt(at, name, type | 0o600, device))
      applyByName(state, path, attributes, true)
    },
    link(path, existing) {
      const { parent, name: old } = splitPath(existing)
      replace(state, path, (at, name) => linkAt(open(state, parent), rawPath(old), at, name))
    },
    finish() {
      for (const [path, time] of state.times)
        setTimesAt(root, rawPath(path === '' ? '.' : path), time, time)
    },
    close: () => state.folders.clear(),
  }
}

interface WriterState {
  readonly root: number
  readonly folders: FolderCache
  /** What the times of folders are in the end. */
  readonly times: Map<string, FileTime>
}

function open(state: WriterState, path: string): number {
  const found = state.folders.open(path)
  if (found < 0) throw failed('open a folder', path, found)
  return found
}

/** The folder of a file that is about to be made; its time is noted to be set again. */
function parentOf(state: WriterState, path: string): { at: number; name: Buffer } {
  const { parent, name } = splitPath(path)
  const at = open(state, parent)
  if (!state.times.has(parent)) state.times.set(parent, timeOf(state.root, at, parent))
  return { at, name: rawPath(name) }
}

/** Make a name that may be taken: what is there goes, unless it is a folder. */
function replace(
  state: WriterState,
  path: string,
  make: (at: number, name: Buffer) => number,
): number {
  const { at, name } = parentOf(state, path)
  let result = make(at, name)
  if (result === -EEXIST) {
    const removed = unlinkAt(at, name)
    if (removed === -EISDIR || removed === -EPERM) throw standsInWay(path, 'a folder')
    if (removed < 0) throw failed('replace a file', path, removed)
    result = make(at, name)
  }
  if (result < 0) throw failed('make a file', path, result)
  return result
}

function makeFolder(
  state: WriterState,
  path: string,
  attributes: FileAttributes,
  overwrites: boolean,
): void {
  if (path === '') return
  const { parent, name: last } = splitPath(path)
  const existing = openAt(open(state, parent), rawPath(last), realFolder)
  if (existing < 0 && existing !== -ENOENT) throw standsInWay(path, 'a file')
  // Only then is the folder above touched: what nothing is made in stays out of the layer.
  const opened = existing >= 0 ? existing : makeNewFolder(state, path)
  try {
    if (existing >= 0 && !overwrites) return
    applyTo(opened, path, attributes)
    state.times.set(path, attributes.mtime)
  } finally {
    closeFile(opened)
  }
}

function makeNewFolder(state: WriterState, path: string): number {
  const { at, name } = parentOf(state, path)
  const made = makeDirectoryAt(at, name, 0o700)
  if (made < 0) throw failed('make a folder', path, made)
  const opened = openAt(at, name, realFolder)
  if (opened < 0) throw failed('open a folder', path, opened)
  return opened
}

function makeFile(
  state: WriterState,
  path: string,
  attributes: FileAttributes,
  fill: (descriptor: number) => void,
): void {
  const descriptor = replace(state, path, (at, name) => openAt(at, name, newFile, 0o600))
  try {
    fill(descriptor)
    applyTo(descriptor, path, attributes)
    setTimesAt(descriptor, null, attributes.mtime, attributes.mtime)
  } finally {
    closeFile(descriptor)
  }
}

/** For what cannot be opened: links, which have no mode, and nodes. */
function applyByName(
  state: WriterState,
  path: string,
  attributes: FileAttributes,
  hasMode: boolean,
): void {
  const { at, name } = parentOf(state, path)
  const owned = changeOwnerAt(at, name, attributes.uid, attributes.gid)
  if (owned < 0) throw failed('set an owner', path, owned)
  if (hasMode) changeModeAt(at, name, attributes.mode)
  setTimesAt(at, name, attributes.mtime, attributes.mtime)
}

const nodeTypes = {
  fifo: 0o010000,
  'character-device': 0o020000,
  'block-device': 0o060000,
} as const

function nodeOf({ kind, rdev }: SourceFile): { type: number; device: number } {
  if (kind !== 'character-device' && kind !== 'block-device')
    return { type: nodeTypes.fifo, device: 0 }
  const [major, minor] = deviceParts(rdev)
  return { type: nodeTypes[kind], device: deviceNumber(major, minor) }
}

/** dev_t of stat(2), see makedev(3). */
function deviceParts(rdev: bigint): [number, number] {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn)
  return [Number(major), Number(minor)]
}

function timeOf(root: number, folder: number, path: string): FileTime {
  return fileTime(fstatSync(path === '' ? root : folder, { bigint: true }).mtimeNs)
}

/** Owner first: changing it takes setuid bits and capabilities away. */
function applyTo(descriptor: number, path: string, attributes: FileAttributes): void {
  const owned = changeOwner(descriptor, attributes.uid, attributes.gid)
  if (owned < 0) throw failed('set an owner', path, owned)
  const moded = changeMode(descriptor, attributes.mode)
  if (moded < 0) throw failed('set a mode', path, moded)
  for (const [name, value] of attributes.xattrs) {
    const set = setAttribute(descriptor, rawPath(name), value)
    if (set < 0) throw failed(`set the attribute ${name.slice(0, 60)}`, path, set)
  }
}

function standsInWay(path: string, what: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `write /${fromRaw(path)}`,
    { reason: `${what} is there` },
    {
      hint: 'A file cannot replace a folder, nor a folder a file: choose another destination',
      exitCode: 1,
    },
  )
}

function failed(step: string, path: string, result: number): OperationError {
  return new OperationError('SYSCALL_FAILED', step, {
    path: `/${fromRaw(path)}`,
    errno: errnoName(-result),
  })
}
