import { OperationError } from '../../native/error.ts'
import type { TarEntry } from './tar-entry.ts'

// What one member of a layer means, as data: pure, so that the hostile cases are tested without
// touching a disk. Paths are relative to the layer, clean, one character per byte; "" is the root.

export type LayerOperation =
  | {
      readonly op: 'make'
      readonly parent: string
      readonly name: string
      readonly entry: TarEntry
    }
  | { readonly op: 'root'; readonly entry: TarEntry }
  | {
      readonly op: 'link'
      readonly parent: string
      readonly name: string
      readonly targetParent: string
      readonly targetName: string
    }
  /** Hides a name of the layers below. */
  | { readonly op: 'whiteout'; readonly parent: string; readonly name: string }
  /** Hides everything that layers below have in this folder. */
  | { readonly op: 'opaque'; readonly folder: string }
  | { readonly op: 'skip'; readonly reason: string }

const whiteoutPrefix = '.wh.'
const metaPrefix = '.wh..wh.'
const opaqueName = '.wh..wh..opq'
const maxPathLength = 4095
const maxNameLength = 255
const maxId = 0xffff_fffe
const maxFileSize = 2 ** 44

/**
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md
 * @throws {OperationError} `INVALID_IMAGE` for what no honest layer has
 */
export function planEntry(entry: TarEntry): LayerOperation {
  const path = cleanPath(entry.name)
  requireSaneNumbers(entry)
  if (path === '')
    return entry.kind === 'directory'
      ? { op: 'root', entry }
      : { op: 'skip', reason: 'it would replace the root' }
  const { parent, name } = splitPath(path)
  // Before the kind is looked at: some tools ship whiteouts as hard links.
  if (name.startsWith(whiteoutPrefix)) return planWhiteout(parent, name)
  if (
    parent.includes(whiteoutPrefix) &&
    parent.split('/').some((part) => part.startsWith(whiteoutPrefix))
  )
    return { op: 'skip', reason: 'it is below a whiteout' }
  if (entry.kind === 'hardlink') return planLink(parent, name, entry.linkName)
  if (entry.kind === 'character-device' && entry.devMajor === 0 && entry.devMinor === 0)
    return { op: 'skip', reason: 'device 0:0 would be taken for a whiteout' }
  if (entry.kind === 'symlink') requireLinkText(entry)
  return { op: 'make', parent, name, entry }
}

function planWhiteout(parent: string, name: string): LayerOperation {
  if (name === opaqueName) return { op: 'opaque', folder: parent }
  if (name.startsWith(metaPrefix)) return { op: 'skip', reason: 'it is metadata of aufs' }
  const hidden = name.slice(whiteoutPrefix.length)
  if (hidden === '' || hidden === '.' || hidden === '..')
    throw hostile('a whiteout names no file', name)
  return { op: 'whiteout', parent, name: hidden }
}

function planLink(parent: string, name: string, linkName: string): LayerOperation {
  const target = cleanPath(linkName)
  if (target === '') throw hostile('a hard link to the root', linkName)
  const to = splitPath(target)
  if (to.parent === parent && to.name === name) throw hostile('a hard link to itself', linkName)
  return { op: 'link', parent, name, targetParent: to.parent, targetName: to.name }
}

/**
 * A member's path without leading slashes, "." and doubled slashes.
 *
 * @throws {OperationError} `INVALID_IMAGE` for "..", NUL and what no file system holds
 */
export function cleanPath(name: string): string {
  if (name.includes('\0')) throw hostile('a name holds a NUL', name)
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  for (const part of parts) {
    if (part === '..') throw hostile('a name climbs out with ".."', name)
    if (part.length > maxNameLength) throw hostile('a name is too long', name)
  }
  const path = parts.join('/')
  if (path.length > maxPathLength) throw hostile('a path is too long', name)
  return path
}

export function splitPath(path: string): { parent: string; name: string } {
  const slash = path.lastIndexOf('/')
  return slash === -1
    ? { parent: '', name: path }
    : { parent: path.slice(0, slash), name: path.slice(slash + 1) }
}

function requireSaneNumbers(entry: TarEntry): void {
  const { uid, gid, size } = entry
  if (uid < 0 || uid > maxId || gid < 0 || gid > maxId)
    throw hostile('an owner is out of range', entry.name)
  if (size < 0 || size > maxFileSize) throw hostile('a size is out of range', entry.name)
}

function requireLinkText(entry: TarEntry): void {
  const text = entry.linkName
  if (text === '' || text.includes('\0') || text.length > maxPathLength)
    throw hostile('a symbolic link has no usable target', entry.name)
}

/** Attributes that steer overlayfs itself must never come out of a layer. */
export function isAllowedAttribute(name: string): boolean {
  if (name.startsWith('trusted.') || name.startsWith('user.overlay.')) return false
  return /^(?:user|security|system)\../.test(name) && !name.includes('\0')
}

function hostile(reason: string, name: string): OperationError {
  const shown = Buffer.from(name.slice(0, 120), 'latin1').toString()
  return new OperationError('INVALID_IMAGE', 'plan a layer entry', {
    reason,
    name: JSON.stringify(shown),
  })
}
