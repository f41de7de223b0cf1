import { closeSync, mkdirSync } from 'node:fs'
import { openFlags } from '../../native/file.ts'
import { openRoot } from '../path-in-root.ts'
import { copyData } from './copy-data.ts'
import { openLayersSource } from './open-source.ts'
import { openSourceFile } from './read-source.ts'
import { selectSources } from './select-sources.ts'
import type { SourceFile } from './source-file.ts'
import { type FileAttributes, createTreeWriter } from './tree-writer.ts'

export interface OutputOptions {
  /** Told what was left out. */
  readonly onNote: (note: string) => void
}

const noAttributes: ReadonlyMap<string, Buffer> = new Map()
const permissionBits = 0o1777

/**
 * `-o DIR`: write the files of a stage into a folder of the user's, on top of what is there. They
 * become the user's own: no owner, no setuid bit, no capability and no device comes out of an
 * image. A link that stands where a folder should be is not followed.
 *
 * @param layerFolders absolute, lowest first
 * @throws {OperationError} `INVALID_ARGUMENT` where a file is in the way of a folder, or the reverse
 */
export function writeOutputFolder(
  layerFolders: readonly string[],
  folder: string,
  { onNote }: OutputOptions,
): void {
  mkdirSync(folder, { recursive: true })
  if (layerFolders.length === 0) return
  using source = openLayersSource(layerFolders, 'the result of the build')
  using target = openRoot(folder)
  const [selected] = selectSources(source, { patterns: ['/'], parents: false })
  const writer = createTreeWriter(target.descriptor)
  const linked = new Map<string, string>()
  try {
    for (const file of selected?.files.slice(1) ?? []) {
      const attributes = ownAttributes(file)
      const path = file.relative
      if (file.kind === 'directory') writer.folder(path, attributes, true)
      else if (file.kind === 'symlink') writer.symlink(path, file.target ?? '', attributes)
      else if (file.kind !== 'file') onNote('devices and FIFOs were left out')
      else {
        const inode = `${file.device}:${file.inode}`
        const first = file.links > 1 ? linked.get(inode) : undefined
        if (first === undefined) {
          linked.set(inode, path)
          const from = openSourceFile(source, file.path, openFlags.nonBlock)
          try {
            writer.file(path, attributes, (to) => copyData(from, to))
          } finally {
            closeSync(from)
          }
        } else writer.link(path, first)
      }
    }
    writer.finish()
  } finally {
    writer.close()
  }
}

function ownAttributes({ mode, mtime }: SourceFile): FileAttributes {
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    mode: mode & permissionBits,
    mtime,
    xattrs: noAttributes,
  }
}
