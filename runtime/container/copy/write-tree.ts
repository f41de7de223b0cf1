import { closeFile, openAt, openFlags } from '../../../native/file.ts'
import { type OpenFile, endData, openData, writeData } from '../../../rootfs/layer/file-data.ts'
import { rawPath } from '../../../rootfs/layer/folder-cache.ts'
import { cleanPath, splitPath } from '../../../rootfs/layer/plan.ts'
import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'
import type { FileView } from '../file-view/file-view.ts'
import type { Place } from '../file-view/walk-path.ts'
import { readOnlyError } from './copy-failure.ts'
import { type AttributeRules, setAttributesOf } from './entry-attributes.ts'
import type { EntrySink } from './entry-sink.ts'
import {
  type EntryPlace,
  clearPlace,
  createFile,
  makeFolder,
  makeHardLink,
  makeNode,
  makeSymlink,
} from './make-entry.ts'
import { createTargetFolders } from './target-folders.ts'

export interface WriteTreeOptions extends AttributeRules {
  readonly view: FileView
  /** The folder that names are relative to. */
  readonly target: Place
  /** Whether the entry "." sets the attributes of the target itself. */
  readonly setTarget: boolean
  /**
   * Whether a symbolic link may stand for a folder on the way to a name. An archive may name files
   * without their folders; a copied tree brings each folder along, and finding a link in its place
   * means that somebody put it there meanwhile.
   */
  readonly followLinks: boolean
}

interface TreeState {
  readonly options: WriteTreeOptions
  readonly folders: ReturnType<typeof createTargetFolders>
  /** Folders whose attributes are set at the end. */
  readonly folderEntries: Map<string, TarEntry>
  file: OpenFile | undefined
}

/**
 * Writes entries below a folder whose content somebody else may control and change meanwhile.
 * Files are replaced, not written into; a folder never gives way to a file nor a file to a folder.
 */
export function createTreeWriter(options: WriteTreeOptions): EntrySink {
  const { view, target, ownerOf, followLinks } = options
  const state: TreeState = {
    options,
    folders: createTargetFolders(view, target, ownerOf, followLinks),
    folderEntries: new Map(),
    file: undefined,
  }
  return {
    entry: (entry) => beginEntry(state, entry),
    data(chunk) {
      if (state.file) writeData(state.file, chunk)
    },
    end: () => endFile(state),
    finish: () => settleFolders(state),
    close() {
      if (state.file) closeFile(state.file.descriptor)
      state.file = undefined
      state.folders.close()
    },
  }
}

function beginEntry(state: TreeState, entry: TarEntry): void {
  const path = cleanPath(entry.name)
  if (path === '') {
    if (state.options.setTarget && entry.kind === 'directory') state.folderEntries.set('', entry)
    return
  }
  const { parent, name } = splitPath(path)
  const folder = state.folders.open(parent)
  if (!folder.isWritable) throw readOnlyError(path)
  makeEntry(state, { folder, name, path }, entry)
}

function makeEntry(state: TreeState, place: EntryPlace, entry: TarEntry): void {
  const { options, folders } = state
  if (entry.kind === 'directory') {
    makeFolder(place)
    state.folderEntries.set(place.path, entry)
    return
  }
  clearPlace(options.view, place)
  if (entry.kind === 'file') state.file = openData(createFile(place), entry)
  else if (entry.kind === 'symlink') makeSymlink(options, place, entry)
  else if (entry.kind === 'hardlink') {
    const { parent, name } = splitPath(cleanPath(entry.linkName))
    makeHardLink({ folder: folders.open(parent), name }, place)
  } else makeNode(options, place, entry)
}

function endFile(state: TreeState): void {
  const { file } = state
  if (!file) return
  endData(file)
  setAttributesOf(state.options, file.descriptor, file.entry.name, file.entry)
  closeFile(file.descriptor)
  state.file = undefined
}

/** Deepest first: making children changes times, and a mode may forbid going in. */
function settleFolders(state: TreeState): void {
  const entries = [...state.folderEntries].toSorted(([a], [b]) => (a < b ? 1 : -1))
  for (const [path, entry] of entries) settleFolder(state, path, entry)
}

function settleFolder({ options, folders }: TreeState, path: string, entry: TarEntry): void {
  const { parent, name } = splitPath(path)
  const at = path === '' ? options.target.file : folders.open(parent).file
  const flags = openFlags.directory | openFlags.noFollow
  const opened = openAt(at ?? -1, rawPath(path === '' ? '.' : name), flags)
  if (opened < 0) return
  try {
    setAttributesOf(options, opened, path, entry)
  } finally {
    closeFile(opened)
  }
}
