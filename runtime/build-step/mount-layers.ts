import { existsSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { makeNodeAt, openAt, closeFile, currentFolder, openFlags } from '../../native/file.ts'
import { isOpaquePath } from '../../rootfs/layer/opaque-folder.ts'
import type { FileSource } from '../../rootfs/build-steps/file-source.ts'
import { placeInRoot } from '../../rootfs/build-steps/place-in-root.ts'
import { fromRaw, toRaw } from '../../native/raw-text.ts'
import { listFolder, statusIn, withFolder } from '../../rootfs/build-steps/read-source.ts'
import type { MountSource } from '../../rootfs/build-steps/run-request.ts'
import { rawPath } from '../../rootfs/layer/folder-cache.ts'
import { openMergedRoot } from '../../rootfs/merged-root.ts'

/** Folders (or one file) that together are the source of a bind mount, lowest first. */
export interface MountLayers {
  readonly layers: readonly string[]
  readonly isFile: boolean
  /** Last name of the source as it was written. */
  readonly name: string
}

/**
 * Where the source of a bind mount lies on the host. Links in it are followed inside the context,
 * stage or image alone, and what is found has none, so that nothing else is mounted than what was
 * looked up: a stage never changes any more, and the context is the user's own.
 *
 * @param scratch empty folder of ours, for what hides ignored files
 * @throws {OperationError} `NOT_FOUND`
 */
export function findMountLayers(from: MountSource, path: string, scratch: string): MountLayers {
  const found =
    from.kind === 'context'
      ? placeInRoot(from.source.root, toRaw(path))
      : placeInLayers(from.folders, path)
  if (found.kind === 'missing' || (from.kind === 'context' && isIgnored(from.source, found.path)))
    throw new OperationError(
      'NOT_FOUND',
      `find ${path}, to be mounted`,
      {},
      {
        hint: 'The source of a mount is a path in the context, or in what from= names',
        exitCode: 1,
      },
    )
  const isFile = found.kind === 'other'
  const text = fromRaw(found.path)
  const layers =
    from.kind === 'layers'
      ? layersOf(from.folders, text, isFile)
      : contextLayers(from, found.path, isFile, scratch)
  return { layers, isFile, name: basename(path) }
}

function placeInLayers(folders: readonly string[], path: string): ReturnType<typeof placeInRoot> {
  using root = openMergedRoot(folders)
  return placeInRoot(root.descriptor, toRaw(path))
}

/** Of each layer what it has at a path, down to where one hides those below. */
function layersOf(folders: readonly string[], path: string, isFile: boolean): string[] {
  const found: string[] = []
  for (const layer of folders.toReversed()) {
    const { has, hides } = lookInto(layer, path, isFile)
    if (has) found.push(join(layer, path))
    if (hides || (has && isFile)) break
  }
  return found.toReversed()
}

function lookInto(layer: string, path: string, isFile: boolean): { has: boolean; hides: boolean } {
  const names = path === '' ? [] : path.split('/')
  let hides = false
  for (const depth of names.keys()) {
    const at = join(layer, ...names.slice(0, depth + 1))
    const status = lstatSync(at, { throwIfNoEntry: false })
    if (!status) return { has: false, hides }
    const isLast = depth === names.length - 1
    if (isLast && isFile) return { has: status.isFile(), hides: true }
    if (!status.isDirectory()) return { has: false, hides: true }
    hides ||= isOpaquePath(at)
  }
  return { has: true, hides }
}

function isIgnored({ ignore }: FileSource, path: string): boolean {
  return (
    path !== '' && ignore !== undefined && !ignore.hasExceptions && ignore.ignores(fromRaw(path))
  )
}

/** A folder of the context, under a layer of whiteouts for what .dockerignore leaves out. */
function contextLayers(
  { folder, source }: Extract<MountSource, { kind: 'context' }>,
  path: string,
  isFile: boolean,
  scratch: string,
): string[] {
  const layer = join(folder, fromRaw(path))
  if (isFile || !source.ignore) return [layer]
  const whiteouts = join(scratch, 'hidden')
  hideIgnored(source, path, whiteouts)
  return existsSync(whiteouts) ? [layer, whiteouts] : [layer]
}

/** @param folder made where something has to be hidden */
function hideIgnored(source: FileSource, path: string, folder: string): void {
  withFolder(source, path, (opened) => {
    for (const name of listFolder(opened)) {
      const below = path === '' ? name : `${path}/${name}`
      const isFolder = statusIn(opened, name).isDirectory()
      const isHidden = source.ignore?.ignores(fromRaw(below)) === true
      if (isHidden && !(isFolder && source.ignore?.hasExceptions)) makeWhiteout(folder, name)
      else if (isFolder) hideIgnored(source, below, `${folder}/${fromRaw(name)}`)
    }
  })
}

function makeWhiteout(folder: string, name: string): void {
  mkdirSync(folder, { recursive: true })
  const opened = openAt(currentFolder, folder, openFlags.directory)
  const made = makeNodeAt(opened, rawPath(name), 0o020000, 0)
  closeFile(opened)
  if (made < 0)
    throw new OperationError('SYSCALL_FAILED', 'hide a file of the context', { errno: -made })
}

/** The options that name layers; short links stand for them, because the kernel takes 255 bytes. */
export function lowerOptions(
  layers: readonly string[],
  folder: string,
  kernel: { readonly major: number; readonly minor: number },
): string[] {
  const topFirst = layers.toReversed().map((layer, index) => {
    const link = `${folder}/${index}`
    symlinkSync(layer, link)
    return link
  })
  const takesSingle = kernel.major > 6 || (kernel.major === 6 && kernel.minor >= 8)
  return takesSingle
    ? topFirst.map((link) => `lowerdir+=${link}`)
    : [`lowerdir=${topFirst.join(':')}`]
}
