import { readFileSync } from 'node:fs'
import {
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
} from '../../native/file.ts'
import { setAttributeOfPath } from '../../native/xattr.ts'
import { type OpenFile, endData, openData, writeData } from './file-data.ts'
import { type FolderCache, createFolderCache, rawPath, writeError } from './folder-cache.ts'
import { likeLowerFolder } from './lower-folder.ts'
import { type LayerOperation, isAllowedAttribute, splitPath } from './plan.ts'
import { removeTreeAt } from './remove-tree.ts'
import type { TarEntry } from './tar-entry.ts'

const EPERM = 1
const ENOENT = 2
const EEXIST = 17
const EINVAL = 22
const ENOTSUP = 95
const newFolderMode = 0o700

export interface LayerWriterOptions {
  /** Descriptor of the empty folder to write below; stays the caller's. */
  readonly root: number
  /** Unpacked layers below this one, lowest first: folders that this layer only passes through are made like theirs. */
  readonly lowerFolders: readonly string[]
  /** Told, once per kind, what could not be kept (an ordinary user cannot make devices). */
  readonly onNote: (note: string) => void
}

export interface LayerWriter {
  /** Carry an operation out. Data for a file follows with `data`, then `endFile`. */
  apply(operation: LayerOperation): void
  data(chunk: Buffer): void
  endFile(): void
  /** Set what writing children would have disturbed: modes and times of folders. */
  finish(): void
  /** Close everything, also after a failure. */
  close(): void
}

interface WriterState {
  readonly root: number
  readonly lowerFolders: readonly string[]
  readonly onNote: (note: string) => void
  readonly folders: FolderCache
  /** Folders whose modes, owners and times are set at the end. */
  readonly folderEntries: Map<string, TarEntry>
  readonly whiteouts: Set<string>
  readonly noted: Set<string>
  readonly uid: number
  readonly gid: number
  readonly umask: number
  /** False from the first EPERM on. */
  ownersWork: boolean
  opaquePrefix: 'trusted' | 'user'
  file: LayerFile | undefined
}

interface LayerFile extends OpenFile {
  readonly path: string
}

/** Writes planned operations below one folder, through descriptors only: no path is looked up twice. */
export function createLayerWriter(options: LayerWriterOptions): LayerWriter {
  const state: WriterState = {
    ...options,
    folders: createFolderCache(options.root),
    folderEntries: new Map(),
    whiteouts: new Set(),
    noted: new Set(),
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    umask: processUmask(),
    ownersWork: true,
    opaquePrefix: 'trusted',
    file: undefined,
  }
  return {
    apply: (operation) => applyOperation(state, operation),
    data(chunk) {
      if (state.file) writeData(state.file, chunk)
    },
    endFile: () => endFile(state),
    finish: () => finishFolders(state),
    close() {
      if (state.file) closeFile(state.file.descriptor)
      state.file = undefined
      state.folders.clear()
    },
  }
}

/** The umask of this process; everything where it cannot be known. A thread may not ask by umask(2). */
function processUmask(): number {
  const text = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]
  return text === undefined ? 0o777 : Number.parseInt(text, 8)
}

function applyOperation(state: WriterState, operation: LayerOperation): void {
  if (operation.op === 'make') make(state, operation.parent, operation.name, operation.entry)
  else if (operation.op === 'link') makeLink(state, operation)
  else if (operation.op === 'whiteout') makeWhiteout(state, operation.parent, operation.name)
  else if (operation.op === 'opaque') setOpaque(state, operation.folder)
  else if (operation.op === 'root') state.folderEntries.set('', operation.entry)
  else note(state, `an entry was left out: ${operation.reason}`)
}

function note(state: WriterState, text: string): void {
  if (state.noted.has(text)) return
  state.noted.add(text)
  state.onNote(text)
}

function folder(state: WriterState, path: string): number {
  let found = state.folders.open(path)
  if (found === -ENOENT) {
    makeParent(state, path)
    found = state.folders.open(path)
  }
  if (found < 0) throw writeError('open a folder of the layer', path, found)
  return found
}

function makeParent(state: WriterState, path: string): void {
  const { parent, name } = splitPath(path)
  const made = makeFolder(state, parent, name, path)
  if (made) state.folderEntries.set(path, likeLowerFolder(state.lowerFolders, path))
}

/** @returns whether it was not there before */
function makeFolder(state: WriterState, parent: string, name: string, path: string): boolean {
  const at = folder(state, parent)
  const bytes = rawPath(name)
  const result = makeDirectoryAt(at, bytes, newFolderMode)
  if (result === 0) return true
  if (result !== -EEXIST) throw writeError('make a folder', path, result)
  const existing = openAt(at, bytes, openFlags.path | openFlags.directory | openFlags.noFollow)
  if (existing >= 0) {
    closeFile(existing)
    return false
  }
  remove(state, parent, name, path)
  const again = makeDirectoryAt(folder(state, parent), bytes, newFolderMode)
  if (again < 0) throw writeError('make a folder', path, again)
  // What was whited out stays hidden below the new folder.
  if (state.whiteouts.delete(path)) setOpaque(state, path)
  return true
}

function remove(state: WriterState, parent: string, name: string, path: string): void {
  state.folders.clear()
  removeTreeAt(folder(state, parent), rawPath(name))
  for (const known of state.folderEntries.keys())
    if (known === path || known.startsWith(`${path}/`)) state.folderEntries.delete(known)
}

/** Create with `make`; where the name is taken, by an earlier entry, replace that. */
function create(
  state: WriterState,
  step: string,
  parent: string,
  name: string,
  make: (at: number, bytes: Buffer) => number,
): number {
  const path = parent === '' ? name : `${parent}/${name}`
  const bytes = rawPath(name)
  let result = make(folder(state, parent), bytes)
  if (result === -EEXIST) {
    remove(state, parent, name, path)
    state.whiteouts.delete(path)
    result = make(folder(state, parent), bytes)
  }
  if (result < 0 && result !== -EPERM) throw writeError(step, path, result)
  return result
}

function setOpaque(state: WriterState, path: string): void {
  const target = `/proc/self/fd/${folder(state, path)}/.`
  const set = (): number =>
    setAttributeOfPath(target, `${state.opaquePrefix}.overlay.opaque`, Buffer.from('y'))
  let result = set()
  if (result === -EPERM && state.opaquePrefix === 'trusted') {
    state.opaquePrefix = 'user'
    result = set()
  }
  if (result < 0) throw writeError('mark a folder opaque', path, result)
}

function applyOwner(state: WriterState, entry: TarEntry, change: () => number): void {
  if (!state.ownersWork || (entry.uid === state.uid && entry.gid === state.gid)) return
  const result = change()
  if (result === 0) return
  if (result !== -EPERM && result !== -EINVAL) throw writeError('set an owner', entry.name, result)
  // An ordinary user owns everything; an id without mapping is like that, file by file.
  if (result === -EPERM) state.ownersWork = false
  note(state, 'owners could not all be kept: not all ids may be set by this user')
}

function applyAttributes(state: WriterState, entry: TarEntry, at: number, name: string): void {
  if (entry.xattrs.size === 0) return
  const path = Buffer.concat([Buffer.from(`/proc/self/fd/${at}/`), rawPath(name)])
  for (const [key, value] of entry.xattrs) {
    if (!isAllowedAttribute(key)) {
      note(state, `extended attribute ${key.slice(0, 60)} was left out: layers may not set it`)
      continue
    }
    const result = setAttributeOfPath(path, rawPath(key), value)
    if (result === -EPERM || result === -ENOTSUP)
      note(state, `extended attribute ${key.slice(0, 60)} could not be kept`)
    else if (result < 0) throw writeError('set an extended attribute', entry.name, result)
  }
}

function make(state: WriterState, parent: string, name: string, entry: TarEntry): void {
  const path = parent === '' ? name : `${parent}/${name}`
  if (entry.kind === 'directory') {
    makeFolder(state, parent, name, path)
    state.folderEntries.set(path, entry)
  } else if (entry.kind === 'file') beginFile(state, parent, name, entry, path)
  else if (entry.kind === 'symlink') makeSymlink(state, parent, name, entry)
  else makeNode(state, parent, name, entry)
}

function beginFile(
  state: WriterState,
  parent: string,
  name: string,
  entry: TarEntry,
  path: string,
): void {
  const flags = openFlags.writeOnly | openFlags.create | openFlags.exclusive | openFlags.noFollow
  const descriptor = create(state, 'create a file', parent, name, (at, bytes) =>
    openAt(at, bytes, flags, entry.mode & 0o777),
  )
  if (descriptor < 0) throw writeError('create a file', path, descriptor)
  state.file = { ...openData(descriptor, entry), path }
}

function makeSymlink(state: WriterState, parent: string, name: string, entry: TarEntry): void {
  const target = rawPath(entry.linkName)
  create(state, 'make a symbolic link', parent, name, (at, bytes) =>
    makeSymlinkAt(target, at, bytes),
  )
  const at = folder(state, parent)
  applyOwner(state, entry, () => changeOwnerAt(at, rawPath(name), entry.uid, entry.gid))
  applyAttributes(state, entry, at, name)
  setTimesAt(at, rawPath(name), entry.mtime, entry.mtime)
}

function makeNode(state: WriterState, parent: string, name: string, entry: TarEntry): void {
  const type = { fifo: 0o010000, 'character-device': 0o020000, 'block-device': 0o060000 }[
    entry.kind as 'fifo'
  ]
  const device = entry.kind === 'fifo' ? 0 : deviceNumber(entry.devMajor, entry.devMinor)
  const result = create(state, 'make a node', parent, name, (at, bytes) =>
    makeNodeAt(at, bytes, type | 0o600, device),
  )
  if (result === -EPERM)
    return note(state, 'device nodes were left out: this user may not make them')
  const at = folder(state, parent)
  const bytes = rawPath(name)
  applyOwner(state, entry, () => changeOwnerAt(at, bytes, entry.uid, entry.gid))
  changeModeAt(at, bytes, entry.mode)
  applyAttributes(state, entry, at, name)
  setTimesAt(at, bytes, entry.mtime, entry.mtime)
}

function makeLink(state: WriterState, operation: Extract<LayerOperation, { op: 'link' }>): void {
  const from = state.folders.open(operation.targetParent)
  const target = operation.targetName
  const result =
    from < 0
      ? from
      : create(state, 'make a hard link', operation.parent, operation.name, (at, bytes) =>
          linkAt(folder(state, operation.targetParent), rawPath(target), at, bytes),
        )
  if (result < 0)
    throw writeError('make a hard link', `${operation.targetParent}/${target}`, result)
}

function makeWhiteout(state: WriterState, parent: string, name: string): void {
  const path = parent === '' ? name : `${parent}/${name}`
  const result = makeNodeAt(folder(state, parent), rawPath(name), 0o020000, 0)
  if (result === 0) state.whiteouts.add(path)
  else if (result === -EEXIST) hideBelow(state, parent, name, path)
  else throw writeError('make a whiteout', path, result)
}

/** The layer itself has put something there already: that stays, and hides a folder below as a whole. */
function hideBelow(state: WriterState, parent: string, name: string, path: string): void {
  const flags = openFlags.path | openFlags.directory | openFlags.noFollow
  const existing = openAt(folder(state, parent), rawPath(name), flags)
  if (existing < 0) return
  closeFile(existing)
  setOpaque(state, path)
}

function endFile(state: WriterState): void {
  const done = state.file
  if (!done) return
  const { descriptor, entry } = done
  endData(done)
  applyOwner(state, entry, () => changeOwner(descriptor, entry.uid, entry.gid))
  // It was made with its mode, but for what open(2) leaves out.
  if ((entry.mode & (0o7000 | state.umask)) !== 0) {
    const result = changeMode(descriptor, entry.mode)
    if (result < 0) throw writeError('set a mode', done.path, result)
  }
  // After the owner: a change of owner takes file capabilities away.
  if (entry.xattrs.size > 0) {
    const { parent, name } = splitPath(done.path)
    applyAttributes(state, entry, folder(state, parent), name)
  }
  setTimesAt(descriptor, null, entry.mtime, entry.mtime)
  closeFile(descriptor)
  state.file = undefined
}

function finishFolder(state: WriterState, path: string, entry: TarEntry): void {
  const { parent, name } = splitPath(path)
  const at = path === '' ? state.root : state.folders.open(parent)
  if (at < 0) return
  // By descriptor and without following: the name may have become a symlink meanwhile.
  const flags = openFlags.directory | openFlags.noFollow
  const opened = openAt(at, rawPath(path === '' ? '.' : name), flags)
  if (opened < 0) return
  applyOwner(state, entry, () => changeOwner(opened, entry.uid, entry.gid))
  changeMode(opened, entry.mode)
  // Not earlier: children would inherit a default access list.
  applyAttributes(state, entry, opened, '.')
  setTimesAt(opened, null, entry.mtime, entry.mtime)
  closeFile(opened)
}

function finishFolders(state: WriterState): void {
  if (!state.folderEntries.has(''))
    state.folderEntries.set('', likeLowerFolder(state.lowerFolders, ''))
  // Deepest first, so that a folder without search permission is closed after its children.
  const paths = [...state.folderEntries.keys()].toSorted().toReversed()
  for (const path of paths) {
    const entry = state.folderEntries.get(path)
    if (entry) finishFolder(state, path, entry)
  }
}
