import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { programFolders } from './add-program.ts'
import type { FileTree } from './file-tree.ts'

/** What an image was made from: path, modification time in ms, size; -1 where there was nothing. */
export type SourceList = readonly (readonly [path: string, mtimeMs: number, size: number])[]

/** The files of a tree, and the places where programs were looked for in vain. */
export function sourcesOf(tree: FileTree, programs: readonly string[]): SourceList {
  const sources: [string, number, number][] = []
  for (const node of tree.values())
    if (node.kind === 'file') sources.push([node.source, node.mtimeMs, node.size])
  const folders = programFolders.filter((folder) => tree.get(folder)?.kind !== 'symlink')
  for (const name of programs) {
    if (folders.some((folder) => tree.has(join(folder, name)))) continue
    for (const folder of folders) sources.push([join(folder, name), -1, -1])
  }
  return sources
}

/** Whether every source still is what it was; a few hundred calls of lstat(2). */
export function sourcesUnchanged(sources: SourceList): boolean {
  return sources.every(([path, mtimeMs, size]) => {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (!status) return size === -1
    return status.mtimeMs === mtimeMs && status.size === size
  })
}
