import {
  chmodSync,
  copyFileSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import type { ResolvedMount } from './record.ts'

/**
 * Copy what the image has at a volume's destination into the new, empty volume, as docker does:
 * owners, modes and times too. Layers are read bottom-up by plain names; a destination that leads
 * through a symbolic link of the image is left empty, because following it could leave the image.
 */
export function fillVolumes(
  layerFolders: readonly string[],
  volumes: readonly ResolvedMount[],
): void {
  for (const { source, destination } of volumes)
    for (const layer of layerFolders) {
      const folder = plainFolder(layer, destination)
      if (folder !== undefined) mergeFolder(folder, source)
    }
}

function plainFolder(layer: string, destination: string): string | undefined {
  let at = layer
  for (const part of destination.split('/').filter((name) => name !== '')) {
    at = join(at, part)
    if (lstatSync(at, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined
  }
  return at
}

/** The volume belongs to nobody else yet, so paths below it can be used without a race. */
function mergeFolder(from: string, to: string): void {
  for (const name of readdirSync(from)) mergeEntry(join(from, name), join(to, name))
  copyAttributes(from, to)
}

function mergeEntry(from: string, to: string): void {
  const status = lstatSync(from)
  const isWhiteout = status.isCharacterDevice() && status.rdev === 0
  const existing = lstatSync(to, { throwIfNoEntry: false })
  if (existing && !(existing.isDirectory() && status.isDirectory()))
    rmSync(to, { recursive: true, force: true })
  if (isWhiteout) return
  if (status.isDirectory()) {
    mkdirSync(to, { recursive: true })
    mergeFolder(from, to)
  } else if (status.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to)
    lchownSync(to, status.uid, status.gid)
  } else if (status.isFile()) {
    copyFileSync(from, to)
    copyAttributes(from, to)
  }
}

function copyAttributes(from: string, to: string): void {
  const { uid, gid, mode, atime, mtime } = lstatSync(from)
  lchownSync(to, uid, gid)
  // After the owner: chown(2) clears the set-user-id bits.
  chmodSync(to, mode & 0o7777)
  lutimesSync(to, atime, mtime)
}
