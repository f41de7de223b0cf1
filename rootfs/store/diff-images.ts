import { findDifference } from '../layer/compare-files.ts'
import { type MergedNode, mergedTree } from '../layer/merged-tree.ts'
import type { Image } from './image.ts'

export interface ImageChange {
  readonly kind: 'added' | 'changed' | 'deleted'
  /** Absolute within the image, one character per byte. */
  readonly path: string
}

/**
 * What differs between two images; with one, what its last layer changed. A folder counts as changed
 * where its own mode or owner, or something in it, is; sorted by path.
 */
export function diffImages(image: Image, base: Image | undefined): ImageChange[] {
  const before = base ? base.layerFolders : image.layerFolders.slice(0, -1)
  const changes: ImageChange[] = []
  const now = mergedTree(image.layerFolders)
  compareChildren(before.length === 0 ? undefined : mergedTree(before), now, '', changes)
  return changes.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function compareChildren(
  before: MergedNode | undefined,
  now: MergedNode,
  path: string,
  changes: ImageChange[],
): void {
  for (const [name, node] of now.children) {
    const known = before?.children.get(name)
    const here = `${path}/${name}`
    const counted = changes.length
    compareChildren(known?.status.isDirectory() ? known : undefined, node, here, changes)
    if (!known) changes.push({ kind: 'added', path: here })
    else if (changes.length > counted || findDifference(known, node, false) !== undefined)
      changes.push({ kind: 'changed', path: here })
  }
  for (const name of before?.children.keys() ?? [])
    if (!now.children.has(name)) changes.push({ kind: 'deleted', path: `${path}/${name}` })
}
