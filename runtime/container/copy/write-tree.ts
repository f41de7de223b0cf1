import { closeFile, openAt, openFlags } from '../../../native/file.ts'
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
import { type StoredFile, endStored, openStored, writeStored } from './stored-bytes.ts'
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

/**
 * Writes entries below a folder whose content somebody else may control and change meanwhile.
 * Files are replaced, not written into; a folder never gives way to a file nor a file to a folder.
 */
export function createTreeWriter(options: WriteTreeOptions): EntrySink {
  const { view, target } = options
  const folders = createTargetFolders(view, target, options.ownerOf, options.followLinks)
  const folderEntries = new Map<string, TarEntry>()
  let file: StoredFile | undefined

  function makeEntry(place: EntryPlace, entry: TarEntry): void {
    if (entry.kind === 'directory') {
      makeFolder(place)
      folderEntries.set(place.path, entry)
      return
    }
    clearPlace(view, place)
    if (entry.kind === 'file') file = openStored(createFile(place), entry)
    else if (entry.kind === 'symlink') makeSymlink(options, place, entry)
    else if (entry.kind === 'hardlink') {
      const { parent, name } = splitPath(cleanPath(entry.linkName))
      makeHardLink({ folder: folders.open(parent), name }, place)
    } else makeNode(options, place, entry)
  }

  function settleFolder(path: string, entry: TarEntry): void {
    const { parent, name } = splitPath(path)
    const at = path === '' ? target.file : folders.open(parent).file
    const flags = openFlags.directory | openFlags.noFollow
    const opened = openAt(at ?? -1, rawPath(path === '' ? '.' : name), flags)
    if (opened < 0) return
    try {
      setAttributesOf(options, opened, path, entry)
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
      makeEntry({ folder, name, path }, entry)
    },
    data(chunk) {
      if (file) writeStored(file, chunk)
    },
    end() {
      if (!file) return
      endStored(file)
      setAttributesOf(options, file.descriptor, file.entry.name, file.entry)
      closeFile(file.descriptor)
      file = undefined
    },
    finish() {
      // Deepest first: making children changes times, and a mode may forbid going in.
      for (const [path, entry] of [...folderEntries].toSorted(([a], [b]) => (a < b ? 1 : -1)))
        settleFolder(path, entry)
    },
    close() {
      if (file) closeFile(file.descriptor)
      file = undefined
      folders.close()
    },
  }
}
