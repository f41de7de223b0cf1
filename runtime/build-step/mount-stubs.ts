import { fstatSync, lstatSync, readdirSync } from 'node:fs'
import {
  atFlags,
  closeFile,
  openAt,
  openAt2,
  openFlags,
  resolveFlags,
  setTimesAt,
  unlinkAt,
} from '../../native/file.ts'
import { listAttributes } from '../../native/xattr.ts'
import { placeInRoot } from '../../rootfs/build-steps/place-in-root.ts'
import { fromRaw, toRaw } from '../../native/raw-text.ts'
import { fileTime } from '../../rootfs/build-steps/read-source.ts'
import { rawPath } from '../../rootfs/layer/folder-cache.ts'
import { splitPath } from '../../rootfs/layer/plan.ts'
import { openMergedRoot } from '../../rootfs/merged-root.ts'
import { openRoot } from '../../rootfs/path-in-root.ts'

// What a container is mounted on must exist, and is made where it does not. None of that belongs
// into the layer: afterwards it is taken out of the upper folder again, by name below descriptors,
// never following a link, and only while it is still empty (CVE-2024-23652).

/** What every container gets mounted besides the build's own wishes. */
const systemTargets = ['/proc', '/sys', '/dev', '/etc/resolv.conf', '/etc/hostname', '/etc/hosts']

export interface MountStubs {
  /** Call it when the container has ended. */
  remove(upper: string): void
}

/** Find out which mount points will have to be made. */
export function planStubs(layersBelow: readonly string[], targets: readonly string[]): MountStubs {
  const paths = stubPaths(layersBelow, [...systemTargets, ...targets])
  return {
    remove(upper) {
      using root = openRoot(upper)
      for (const path of paths) removeStub(root.descriptor, path)
      for (const path of new Set(paths.flatMap(foldersAbove)))
        removeUntouched(root.descriptor, path, layersBelow)
    },
  }
}

/** Paths that are not there, deepest first. */
function stubPaths(layersBelow: readonly string[], targets: readonly string[]): string[] {
  const found = new Set<string>()
  if (layersBelow.length === 0) for (const target of targets) addAll(found, clean(target), 0)
  else {
    using root = openMergedRoot(layersBelow)
    for (const target of targets) {
      const { parent, name } = splitPath(clean(target))
      const place = tryPlace(root.descriptor, parent)
      const last = place && join(place.path, name)
      if (place === undefined || last === undefined) continue
      if (place.kind === 'missing') addAll(found, last, place.existing)
      // A link that leads nowhere is replaced by a file to mount on, and comes back with its removal.
      else if (tryPlace(root.descriptor, last)?.kind === 'missing') found.add(last)
    }
  }
  return [...found].toSorted((left, right) => depth(right) - depth(left))
}

function addAll(found: Set<string>, path: string, existing: number): void {
  const names = path.split('/')
  for (let length = existing + 1; length <= names.length; length++)
    found.add(names.slice(0, length).join('/'))
}

function tryPlace(root: number, path: string): ReturnType<typeof placeInRoot> | undefined {
  try {
    return placeInRoot(root, path)
  } catch {
    return undefined
  }
}

/** An empty file or an empty folder goes; what the command has filled stays. */
function removeStub(root: number, path: string): void {
  const { parent, name } = splitPath(path)
  const folder = openFolder(root, parent)
  if (folder < 0) return
  try {
    const before = fileTime(fstatSync(folder, { bigint: true }).mtimeNs)
    const file = openAt(folder, rawPath(name), openFlags.path | openFlags.noFollow)
    if (file < 0) return
    const status = fstatSync(file)
    closeFile(file)
    const isEmptyFile = status.isFile() && status.size === 0
    const flags = status.isDirectory() ? atFlags.removeDir : 0
    if ((isEmptyFile || status.isDirectory()) && unlinkAt(folder, rawPath(name), flags) === 0)
      setTimesAt(folder, null, before, before)
  } finally {
    closeFile(folder)
  }
}

/** A folder that is in the upper one only because a mount point was made in it is as it was below. */
function removeUntouched(root: number, path: string, layersBelow: readonly string[]): void {
  const folder = openFolder(root, path)
  if (folder < 0) return
  let isUntouched = false
  try {
    const status = fstatSync(folder)
    const names = listAttributes(folder)
    const isOpaque = Array.isArray(names) && names.some((name) => name.endsWith('overlay.opaque'))
    const below = statusBelow(layersBelow, path)
    isUntouched =
      !isOpaque &&
      readdirSync(`/proc/self/fd/${folder}`).length === 0 &&
      below?.mode === status.mode &&
      below.uid === status.uid &&
      below.gid === status.gid
  } finally {
    closeFile(folder)
  }
  if (!isUntouched) return
  const { parent, name } = splitPath(path)
  const above = openFolder(root, parent)
  if (above < 0) return
  const before = fileTime(fstatSync(above, { bigint: true }).mtimeNs)
  unlinkAt(above, rawPath(name), atFlags.removeDir)
  setTimesAt(above, null, before, before)
  closeFile(above)
}

function statusBelow(
  layersBelow: readonly string[],
  path: string,
): (ReturnType<typeof lstatSync> & { mode: number; uid: number; gid: number }) | undefined {
  if (layersBelow.length === 0) return undefined
  using root = openMergedRoot(layersBelow)
  const folder = openFolder(root.descriptor, path)
  if (folder < 0) return undefined
  const status = fstatSync(folder)
  closeFile(folder)
  return status
}

function openFolder(root: number, path: string): number {
  return openAt2(root, rawPath(path === '' ? '.' : path), {
    flags: openFlags.directory | openFlags.noFollow,
    resolve: resolveFlags.beneath | resolveFlags.noSymlinks | resolveFlags.noMagicLinks,
  })
}

/** The folders of a path, innermost first, without the root. */
function foldersAbove(path: string): string[] {
  const { parent } = splitPath(path)
  return parent === '' ? [] : [parent, ...foldersAbove(parent)]
}

function clean(path: string): string {
  return toRaw(path)
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/')
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

function depth(path: string): number {
  return fromRaw(path).split('/').length
}
