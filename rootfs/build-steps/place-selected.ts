import { closeSync, fstatSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { openFlags } from '../../native/file.ts'
import { attributesOf, copiedAttributes } from './copied-attributes.ts'
import { copyData } from './copy-data.ts'
import {
  type Copying,
  destinationFolder,
  filePlace,
  joinPath,
  noAttributes,
  rootOwner,
} from './copying.ts'
import type { FileSource } from './file-source.ts'
import { fromRaw } from '../../native/raw-text.ts'
import { openSourceFile } from './read-source.ts'
import type { SelectedSource, SourceFile } from './source-file.ts'
import { takeBreaths } from './take-breaths.ts'
import type { FileAttributes } from './tree-writer.ts'
import { unpackArchive } from './unpack-archive.ts'

const setIdBits = 0o6000

/** Copy what one match of a pattern took: a folder's content, a file, or what an archive holds. */
export async function placeSelected(
  copying: Copying,
  source: FileSource,
  selected: SelectedSource,
): Promise<void> {
  const { request } = copying
  const [top] = selected.files
  if (!top) return
  if (request.parents) return placeBelowParents(copying, source, selected)
  if (top.kind === 'directory')
    return copyTree(copying, source, selected.files.slice(1), destinationFolder(copying))
  if (request.unpack && top.kind === 'file' && (await unpacked(copying, source, top))) return
  await copyTree(copying, source, [top], filePlace(copying, selected.base))
}

async function placeBelowParents(
  copying: Copying,
  source: FileSource,
  { parents, files, base }: SelectedSource,
): Promise<void> {
  const folder = destinationFolder(copying)
  for (const parent of parents) {
    const attributes = attributesFor(copying, source, parent)
    copying.writer.folder(joinPath(folder, parent.relative), attributes, false)
  }
  const below = joinPath(parents.at(-1)?.relative ?? '', base)
  await copyTree(copying, source, files, joinPath(folder, below))
}

async function unpacked(copying: Copying, source: FileSource, file: SourceFile): Promise<boolean> {
  const descriptor = openSourceFile(source, file.path, openFlags.nonBlock)
  try {
    return await unpackArchive(descriptor, () => ({
      root: copying.root.descriptor,
      path: destinationFolder(copying),
    }))
  } finally {
    closeSync(descriptor)
  }
}

/** Copy files, each to its `relative` below `target` ("" is the target itself). */
async function copyTree(
  copying: Copying,
  source: FileSource,
  files: readonly SourceFile[],
  target: string,
): Promise<void> {
  const { writer, request } = copying
  const linked = new Map<string, string>()
  const breathe = takeBreaths(request.signal)
  for (const file of files) {
    await breathe(file.size)
    const path = joinPath(target, file.relative)
    const attributes = attributesFor(copying, source, file)
    if (file.kind === 'directory') writer.folder(path, attributes, file.relative !== '')
    else if (file.kind === 'symlink') writer.symlink(path, file.target ?? '', attributes)
    else if (file.kind !== 'file') writer.node(path, file, attributes)
    else {
      const inode = `${file.device}:${file.inode}`
      const first = file.links > 1 ? linked.get(inode) : undefined
      if (first !== undefined) writer.link(path, first)
      else copyFile(copying, source, file, path)
      linked.set(inode, first ?? path)
    }
  }
}

function copyFile(copying: Copying, source: FileSource, file: SourceFile, path: string): void {
  const from = openSourceFile(source, file.path, openFlags.nonBlock)
  try {
    const status = fstatSync(from, { bigint: true })
    if (!status.isFile() || status.ino !== file.inode) throw replaced(source, file)
    const attributes = attributesFor(copying, source, file, from)
    copying.writer.file(path, attributes, (to) => copyData(from, to))
  } finally {
    closeSync(from)
  }
}

function attributesFor(
  { owner, changeMode }: Copying,
  source: FileSource,
  file: SourceFile,
  opened?: number,
): FileAttributes {
  const isFolder = file.kind === 'directory'
  const xattrs =
    opened !== undefined
      ? attributesOf(opened)
      : isFolder
        ? copiedAttributes(source, file)
        : noAttributes
  const own = source.keepsOwners ? { uid: file.uid, gid: file.gid } : rootOwner
  // As docker and buildah: a program of the user's own must not become one that runs as root.
  const mode = source.keepsOwners ? file.mode : file.mode & ~setIdBits
  return {
    ...(owner ?? own),
    mode: changeMode ? changeMode(mode, isFolder) : mode,
    mtime: file.mtime,
    xattrs,
  }
}

function replaced(source: FileSource, file: SourceFile): OperationError {
  return new OperationError(
    'BAD_STATE',
    `copy ${fromRaw(file.path)} of ${source.name}`,
    { reason: 'it was replaced while it was being copied' },
    { hint: 'Do not change the context during a build' },
  )
}
