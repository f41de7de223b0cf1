import { type Stats, lstatSync, realpathSync } from 'node:fs'
import type { TarEntry } from './tar-entry.ts'

const defaultFolderMode = 0o755

/** A folder that the layer does not list: as the layers below have it, else root's and 0755. */
export function likeLowerFolder(lowerFolders: readonly string[], path: string): TarEntry {
  let found: { mode: number; uid: number; gid: number; mtimeMs: number } | undefined
  for (let at = lowerFolders.length - 1; at >= 0 && !found; at--) {
    const candidate = Buffer.concat([
      Buffer.from(`${lowerFolders[at]}/`),
      Buffer.from(path, 'latin1'),
    ])
    const status = statusOf(candidate)
    if (status?.isDirectory() && isBelow(candidate, lowerFolders[at] ?? '')) found = status
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

/** @returns undefined where there is nothing, or a file or an endless link stands on the way */
function statusOf(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** A symlink of a lower layer may stand on the way: what it leads to outside is no model. */
function isBelow(path: Buffer, folder: string): boolean {
  const real = realpathSync(path, 'latin1')
  const top = realpathSync(folder, 'latin1')
  return real === top || real.startsWith(`${top}/`)
}
