import { ftruncateSync, lstatSync, writeSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
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
import { createFolderCache, rawPath, writeError } from './folder-cache.ts'
import { type LayerOperation, isAllowedAttribute, splitPath } from './plan.ts'
import { removeTreeAt } from './remove-tree.ts'
import type { TarEntry } from './tar-entry.ts'

const EPERM = 1
const ENOENT = 2
const EEXIST = 17
const EINVAL = 22
const ENOTSUP = 95
const newFolderMode = 0o700
const defaultFolderMode = 0o755

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

interface OpenFile {
  readonly descriptor: number
  readonly path: string
  readonly entry: TarEntry
  written: number
  chunk: number
  inChunk: number
}

/** Writes planned operations below one folder, through descriptors only: no path is looked up twice. */
export function createLayerWriter(options: LayerWriterOptions): LayerWriter {
  const { root, lowerFolders } = options
  const folders = createFolderCache(root)
  const folderEntries = new Map<string, TarEntry>()
  const whiteouts = new Set<string>()
  const noted = new Set<string>()
  const uid = process.geteuid?.() ?? 0
  const gid = process.getegid?.() ?? 0
  let ownersWork = true
  let opaquePrefix = 'trusted'
  let file: OpenFile | undefined

  function note(text: string): void {
    if (noted.has(text)) return
    noted.add(text)
    options.onNote(text)
  }

  function folder(path: string): number {
    let found = folders.open(path)
    if (found === -ENOENT) {
      makeParent(path)
      found = folders.open(path)
    }
    if (found < 0) throw writeError('open a folder of the layer', path, found)
    return found
  }

  function makeParent(path: string): void {
    const { parent, name } = splitPath(path)
    const made = makeFolder(parent, name, path)
    if (made) folderEntries.set(path, likeLowerFolder(lowerFolders, path))
  }

  /** @returns whether it was not there before */
  function makeFolder(parent: string, name: string, path: string): boolean {
    const at = folder(parent)
    const bytes = rawPath(name)
    const result = makeDirectoryAt(at, bytes, newFolderMode)
    if (result === 0) return true
    if (result !== -EEXIST) throw writeError('make a folder', path, result)
    const existing = openAt(at, bytes, openFlags.path | openFlags.directory | openFlags.noFollow)
    if (existing >= 0) {
      closeFile(existing)
      return false
    }
    remove(parent, name, path)
    const again = makeDirectoryAt(folder(parent), bytes, newFolderMode)
    if (again < 0) throw writeError('make a folder', path, again)
    // What was whited out stays hidden below the new folder.
    if (whiteouts.delete(path)) setOpaque(path)
    return true
  }

  function remove(parent: string, name: string, path: string): void {
    folders.clear()
    removeTreeAt(folder(parent), rawPath(name))
    for (const known of folderEntries.keys())
      if (known === path || known.startsWith(`${path}/`)) folderEntries.delete(known)
  }

  /** Create with `make`; where the name is taken, by an earlier entry, replace that. */
  function create(
    step: string,
    parent: string,
    name: string,
    make: (at: number, bytes: Buffer) => number,
  ): number {
    const path = parent === '' ? name : `${parent}/${name}`
    const bytes = rawPath(name)
    let result = make(folder(parent), bytes)
    if (result === -EEXIST) {
      remove(parent, name, path)
      whiteouts.delete(path)
      result = make(folder(parent), bytes)
    }
    if (result < 0 && result !== -EPERM) throw writeError(step, path, result)
    return result
  }

  function setOpaque(path: string): void {
    const target = `/proc/self/fd/${folder(path)}/.`
    const set = (): number =>
      setAttributeOfPath(target, `${opaquePrefix}.overlay.opaque`, Buffer.from('y'))
    let result = set()
    if (result === -EPERM && opaquePrefix === 'trusted') {
      opaquePrefix = 'user'
      result = set()
    }
    if (result < 0) throw writeError('mark a folder opaque', path, result)
  }

  function applyOwner(entry: TarEntry, change: () => number): void {
    if (!ownersWork || (entry.uid === uid && entry.gid === gid)) return
    const result = change()
    if (result === 0) return
    if (result !== -EPERM && result !== -EINVAL)
      throw writeError('set an owner', entry.name, result)
    // An ordinary user owns everything; an id without mapping is like that, file by file.
    if (result === -EPERM) ownersWork = false
    note('owners could not all be kept: not all ids may be set by this user')
  }

  function applyAttributes(entry: TarEntry, at: number, name: string): void {
    if (entry.xattrs.size === 0) return
    const path = Buffer.concat([Buffer.from(`/proc/self/fd/${at}/`), rawPath(name)])
    for (const [key, value] of entry.xattrs) {
      if (!isAllowedAttribute(key)) {
        note(`extended attribute ${key.slice(0, 60)} was left out: layers may not set it`)
        continue
      }
      const result = setAttributeOfPath(path, rawPath(key), value)
      if (result === -EPERM || result === -ENOTSUP)
        note(`extended attribute ${key.slice(0, 60)} could not be kept`)
      else if (result < 0) throw writeError('set an extended attribute', entry.name, result)
    }
  }

  function make(parent: string, name: string, entry: TarEntry): void {
    const path = parent === '' ? name : `${parent}/${name}`
    if (entry.kind === 'directory') {
      makeFolder(parent, name, path)
      folderEntries.set(path, entry)
      applyAttributes(entry, folder(parent), name)
    } else if (entry.kind === 'file') beginFile(parent, name, entry, path)
    else if (entry.kind === 'symlink') makeSymlink(parent, name, entry)
    else makeNode(parent, name, entry)
  }

  function beginFile(parent: string, name: string, entry: TarEntry, path: string): void {
    const flags = openFlags.writeOnly | openFlags.create | openFlags.exclusive | openFlags.noFollow
    const descriptor = create('create a file', parent, name, (at, bytes) =>
      openAt(at, bytes, flags, 0o600),
    )
    if (descriptor < 0) throw writeError('create a file', path, descriptor)
    file = { descriptor, path, entry, written: 0, chunk: 0, inChunk: 0 }
  }

  function makeSymlink(parent: string, name: string, entry: TarEntry): void {
    const target = rawPath(entry.linkName)
    create('make a symbolic link', parent, name, (at, bytes) => makeSymlinkAt(target, at, bytes))
    const at = folder(parent)
    applyOwner(entry, () => changeOwnerAt(at, rawPath(name), entry.uid, entry.gid))
    applyAttributes(entry, at, name)
    setTimesAt(at, rawPath(name), entry.mtime, entry.mtime)
  }

  function makeNode(parent: string, name: string, entry: TarEntry): void {
    const type = { fifo: 0o010000, 'character-device': 0o020000, 'block-device': 0o060000 }[
      entry.kind as 'fifo'
    ]
    const device = entry.kind === 'fifo' ? 0 : deviceNumber(entry.devMajor, entry.devMinor)
    const result = create('make a node', parent, name, (at, bytes) =>
      makeNodeAt(at, bytes, type | 0o600, device),
    )
    if (result === -EPERM) return note('device nodes were left out: this user may not make them')
    const at = folder(parent)
    const bytes = rawPath(name)
    applyOwner(entry, () => changeOwnerAt(at, bytes, entry.uid, entry.gid))
    changeModeAt(at, bytes, entry.mode)
    applyAttributes(entry, at, name)
    setTimesAt(at, bytes, entry.mtime, entry.mtime)
  }

  function makeLink(operation: Extract<LayerOperation, { op: 'link' }>): void {
    const from = folders.open(operation.targetParent)
    const target = operation.targetName
    const result =
      from < 0
        ? from
        : create('make a hard link', operation.parent, operation.name, (at, bytes) =>
            linkAt(folder(operation.targetParent), rawPath(target), at, bytes),
          )
    if (result < 0)
      throw writeError('make a hard link', `${operation.targetParent}/${target}`, result)
  }

  function makeWhiteout(parent: string, name: string): void {
    const path = parent === '' ? name : `${parent}/${name}`
    const result = makeNodeAt(folder(parent), rawPath(name), 0o020000, 0)
    if (result === 0) whiteouts.add(path)
    else if (result === -EEXIST) hideBelow(parent, name, path)
    else throw writeError('make a whiteout', path, result)
  }

  /** The layer itself has put something there already: that stays, and hides a folder below as a whole. */
  function hideBelow(parent: string, name: string, path: string): void {
    const flags = openFlags.path | openFlags.directory | openFlags.noFollow
    const existing = openAt(folder(parent), rawPath(name), flags)
    if (existing < 0) return
    closeFile(existing)
    setOpaque(path)
  }

  function endFile(): void {
    const done = file
    if (!done) return
    const { descriptor, entry } = done
    if (entry.sparse) ftruncateSync(descriptor, entry.size)
    applyOwner(entry, () => changeOwner(descriptor, entry.uid, entry.gid))
    const result = changeMode(descriptor, entry.mode)
    if (result < 0) throw writeError('set a mode', done.path, result)
    // After the owner: a change of owner takes file capabilities away.
    if (entry.xattrs.size > 0) {
      const { parent, name } = splitPath(done.path)
      applyAttributes(entry, folder(parent), name)
    }
    setTimesAt(descriptor, null, entry.mtime, entry.mtime)
    closeFile(descriptor)
    file = undefined
  }

  function finishFolder(path: string, entry: TarEntry): void {
    const { parent, name } = splitPath(path)
    const at = path === '' ? root : folders.open(parent)
    if (at < 0) return
    // By descriptor and without following: the name may have become a symlink meanwhile.
    const flags = openFlags.directory | openFlags.noFollow
    const opened = openAt(at, rawPath(path === '' ? '.' : name), flags)
    if (opened < 0) return
    applyOwner(entry, () => changeOwner(opened, entry.uid, entry.gid))
    changeMode(opened, entry.mode)
    setTimesAt(opened, null, entry.mtime, entry.mtime)
    closeFile(opened)
  }

  return {
    apply(operation) {
      if (operation.op === 'make') make(operation.parent, operation.name, operation.entry)
      else if (operation.op === 'link') makeLink(operation)
      else if (operation.op === 'whiteout') makeWhiteout(operation.parent, operation.name)
      else if (operation.op === 'opaque') setOpaque(operation.folder)
      else if (operation.op === 'root') folderEntries.set('', operation.entry)
      else note(`an entry was left out: ${operation.reason}`)
    },
    data(chunk) {
      if (file) writeData(file, chunk)
    },
    endFile,
    finish() {
      if (!folderEntries.has('')) folderEntries.set('', likeLowerFolder(lowerFolders, ''))
      // Deepest first, so that a folder without search permission is closed after its children.
      const paths = [...folderEntries.keys()].toSorted().toReversed()
      for (const path of paths) {
        const entry = folderEntries.get(path)
        if (entry) finishFolder(path, entry)
      }
    },
    close() {
      if (file) closeFile(file.descriptor)
      file = undefined
      folders.clear()
    },
  }
}

function writeData(file: OpenFile, chunk: Buffer): void {
  const { sparse } = file.entry
  if (!sparse) {
    writeAll(file.descriptor, chunk, null)
    return
  }
  let at = 0
  while (at < chunk.length) {
    const stretch = sparse[file.chunk]
    if (!stretch) throw new OperationError('INVALID_IMAGE', 'write a sparse file')
    const size = Math.min(stretch.size - file.inChunk, chunk.length - at)
    if (size > 0)
      writeAll(file.descriptor, chunk.subarray(at, at + size), stretch.offset + file.inChunk)
    at += size
    file.inChunk += size
    if (file.inChunk === stretch.size) {
      file.chunk++
      file.inChunk = 0
    }
  }
}

function writeAll(descriptor: number, chunk: Buffer, position: number | null): void {
  let at = 0
  while (at < chunk.length) {
    const where = position === null ? null : position + at
    at += writeSync(descriptor, chunk, at, chunk.length - at, where)
  }
}

/** A folder that the layer does not list: as the layers below have it, else root's and 0755. */
function likeLowerFolder(lowerFolders: readonly string[], path: string): TarEntry {
  let found: { mode: number; uid: number; gid: number; mtimeMs: number } | undefined
  for (let at = lowerFolders.length - 1; at >= 0 && !found; at--) {
    const candidate = Buffer.concat([
      Buffer.from(`${lowerFolders[at]}/`),
      Buffer.from(path, 'latin1'),
    ])
    const status = lstatSync(candidate, { throwIfNoEntry: false })
    if (status?.isDirectory()) found = status
  }
  return {
    kind: 'directory',
    name: path,
    linkName: '',
    mode: found ? found.mode & 0o7777 : defaultFolderMode,
    uid: found?.uid ?? 0,
    gid: found?.gid ?? 0,
    size: 0,
    storedSize: 0,
    mtime: { seconds: Math.floor((found?.mtimeMs ?? 0) / 1000), nanoseconds: 0 },
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
    sparse: undefined,
  }
}
