import { closeSync, constants, openSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
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
  const root = openSync(rootfs, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    for (const mount of mounts)
      if (!mounts.some((other) => isBelow(mount.destination, other.destination)))
        makePlace(
          root,
          resolve('/', mount.destination).split('/').slice(1),
          isFolder(mount, bundle),
        )
  } finally {
    closeSync(root)
  }
}

/** What lies in another mount comes with that. */
function isBelow(path: string, folder: string): boolean {
  const [inner, outer] = [resolve('/', path), resolve('/', folder)]
  return inner !== outer && outer !== '/' && inner.startsWith(`${outer}/`)
}

function isFolder({ type, options = [], source = '' }: Mount, bundle: string): boolean {
  const isBind = type === 'bind' || options.includes('bind') || options.includes('rbind')
  if (!isBind) return true
  return statSync(resolve(bundle, source), { throwIfNoEntry: false })?.isDirectory() !== false
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
