import { lstatSync, readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What an image made from the host will hold at one path. */
export type TreeNode =
  | { readonly kind: 'folder'; readonly mode: number; readonly uid: number; readonly gid: number }
  | {
      readonly kind: 'file'
      readonly source: string
      readonly mode: number
      readonly uid: number
      readonly gid: number
      readonly size: number
      readonly mtimeMs: number
    }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'text'; readonly content: string; readonly mode: number }

/** Absolute paths to what is there. Folders on the way are added by the methods. */
export type FileTree = Map<string, TreeNode>

const maxLinks = 40

/**
 * Add a host path under the same path, with the folders and symlinks that lead to it and what
 * it points to.
 *
 * @returns the path behind all symlinks, or undefined where there is nothing readable
 */
export function addHostPath(tree: FileTree, path: string, links = 0): string | undefined {
  if (links > maxLinks) return undefined
  const parent = dirname(path)
  const realParent = path === '/' ? '/' : addHostPath(tree, parent, links)
  if (realParent === undefined) return undefined
  if (path === '/') return '/'
  const real = join(realParent, path.slice(parent === '/' ? 1 : parent.length + 1))
  const status = lstatSync(real, { throwIfNoEntry: false })
  if (!status) return undefined
  if (status.isSymbolicLink()) {
    const target = readlinkSync(real)
    const resolved = addHostPath(tree, join(realParent, absoluteIn(target, realParent)), links + 1)
    if (resolved !== undefined) tree.set(real, { kind: 'symlink', target })
    return resolved
  }
  const { size, mtimeMs } = status
  const [uid, gid] = [imageId(status.uid), imageId(status.gid)]
  const mode = status.mode & 0o7777
  if (status.isDirectory()) {
    if (!tree.has(real)) tree.set(real, { kind: 'folder', mode, uid, gid })
  } else if (status.isFile()) {
    tree.set(real, { kind: 'file', source: real, mode, uid, gid, size, mtimeMs })
  } else return undefined
  return real
}

/** How ids show that the user namespace does not map, user_namespaces(7). */
const unmappedId = 65_534
let isRootMapped: boolean | undefined

/** For an ordinary user the host's root is nobody; in the image its files are root's again. */
function imageId(id: number): number {
  if (id !== unmappedId) return id
  isRootMapped ??= /^\s*0\s+0\s/m.test(readFileSync('/proc/self/uid_map', 'latin1'))
  return isRootMapped ? id : 0
}

/** `join(folder, target)` must give `target` where that is absolute. */
function absoluteIn(target: string, folder: string): string {
  if (!target.startsWith('/')) return target
  return `${'../'.repeat(folder.split('/').length)}${target}`
}

/** Add a folder and all below it. */
export function addHostTree(tree: FileTree, path: string): void {
  const real = addHostPath(tree, path)
  if (real === undefined || tree.get(real)?.kind !== 'folder') return
  let names: string[]
  try {
    names = readdirSync(real)
  } catch {
    return
  }
  for (const name of names) addHostTree(tree, join(real, name))
}

/**
 * Add a file of the host, itself and not a link to it, at another place.
 *
 * @returns its path on the host behind all symlinks, or undefined where there is no such file
 */
export function addHostFileAs(tree: FileTree, path: string, place: string): string | undefined {
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status?.isFile()) return undefined
  addFolder(tree, dirname(place))
  const source = realpathSync(path)
  const { size, mtimeMs } = status
  const [uid, gid] = [imageId(status.uid), imageId(status.gid)]
  tree.set(place, { kind: 'file', source, mode: status.mode & 0o7777, uid, gid, size, mtimeMs })
  return source
}

/** Add a file, or a folder and all below it, at another place. Links in it keep their text. */
export function addHostTreeAs(tree: FileTree, path: string, place: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false })
  if (status?.isFile()) addHostFileAs(tree, path, place)
  else if (status?.isSymbolicLink()) {
    addFolder(tree, dirname(place))
    tree.set(place, { kind: 'symlink', target: readlinkSync(path) })
  } else if (status?.isDirectory()) {
    addFolder(tree, place, status.mode & 0o7777)
    for (const name of readdirSync(path)) addHostTreeAs(tree, join(path, name), join(place, name))
  }
}

/** Add a folder of our own, and those above it. */
export function addFolder(tree: FileTree, path: string, mode = 0o755): void {
  if (path !== '/' && !tree.has(dirname(path))) addFolder(tree, dirname(path))
  const existing = tree.get(path)
  if (!existing) tree.set(path, { kind: 'folder', mode, uid: 0, gid: 0 })
}

/** Add a text file of our own. */
export function addText(tree: FileTree, path: string, content: string, mode = 0o644): void {
  addFolder(tree, dirname(path))
  tree.set(path, { kind: 'text', content, mode })
}
