import { closeSync, constants, openSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import {
  makeDirectoryAt,
  makeNodeAt,
  openAt2,
  openFlags,
  resolveFlags,
} from '../../../native/file.ts'
import type { Config, Mount } from '../../spec/config.ts'

const ENOENT = 2

/**
 * Make the places that the configuration mounts on, where a root of somebody else's making lacks them: CRIU does not. Links
 * of that root lead nowhere outside of it. What cannot be made CRIU will complain of.
 */
export function makePlaces(rootfs: string, bundle: string, { mounts = [] }: Config): void {
  for (const mount of mounts) {
    const outer = mounts.findLast((other) => isBelow(mount.destination, other.destination))
    // What lies in a file system of the container's own comes with that.
    if (outer && !isBind(outer)) continue
    const root = outer ? resolve(bundle, outer.source ?? '') : rootfs
    const path = relative(resolve('/', outer?.destination ?? ''), resolve('/', mount.destination))
    makePlaceIn(root, path.split('/'), isFolder(mount, bundle))
  }
}

function makePlaceIn(path: string, names: readonly string[], isLastFolder: boolean): void {
  const root = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    makePlace(root, names, isLastFolder)
  } finally {
    closeSync(root)
  }
}

function isBelow(path: string, folder: string): boolean {
  const [inner, outer] = [resolve('/', path), resolve('/', folder)]
  return inner !== outer && outer !== '/' && inner.startsWith(`${outer}/`)
}

function isBind({ type, options = [] }: Mount): boolean {
  return type === 'bind' || options.includes('bind') || options.includes('rbind')
}

function isFolder(mount: Mount, bundle: string): boolean {
  if (!isBind(mount)) return true
  const source = resolve(bundle, mount.source ?? '')
  return statSync(source, { throwIfNoEntry: false })?.isDirectory() !== false
}

function makePlace(root: number, names: readonly string[], isLastFolder: boolean): void {
  for (const [index, name] of names.entries()) {
    const found = openBelow(root, names.slice(0, index + 1))
    if (found >= 0) closeSync(found)
    if (found >= 0) continue
    const folder = found === -ENOENT ? openBelow(root, names.slice(0, index)) : -1
    if (folder < 0) return
    if (index < names.length - 1 || isLastFolder) makeDirectoryAt(folder, name, 0o755)
    else makeNodeAt(folder, name, constants.S_IFREG | 0o644)
    closeSync(folder)
  }
}

function openBelow(root: number, names: readonly string[]): number {
  return openAt2(root, names.length === 0 ? '.' : names.join('/'), {
    flags: openFlags.path,
    resolve: resolveFlags.inRoot | resolveFlags.noMagicLinks,
  })
}
