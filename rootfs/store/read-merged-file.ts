import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
} from 'node:fs'
import { join } from 'node:path'

const maxSize = 1024 * 1024
const maxLinks = 40

/**
 * A small text file of an image, as the merged layers have it: symlinks are followed inside the
 * image only, and nothing but a regular file of sane size is read (a FIFO would hang us).
 *
 * @param layerFolders lowest first; folders that nobody but this program writes
 */
export function readMergedFile(layerFolders: readonly string[], path: string): string | undefined {
  let rest = path.split('/').filter((part) => part !== '')
  let at: string[] = []
  for (let links = 0; links < maxLinks;) {
    const next = rest.shift()
    if (next === undefined) return undefined
    if (next === '.') continue
    if (next === '..') {
      at = at.slice(0, -1)
      continue
    }
    const found = lookUp(layerFolders, [...at, next])
    if (!found) return undefined
    if (found.kind === 'link') {
      links++
      if (found.target.startsWith('/')) at = []
      rest = [...found.target.split('/').filter((part) => part !== ''), ...rest]
    } else if (rest.length === 0) return found.kind === 'file' ? readSmall(found.path) : undefined
    else at = [...at, next]
  }
  return undefined
}

type Found = { kind: 'file' | 'folder'; path: string } | { kind: 'link'; target: string }

function lookUp(layerFolders: readonly string[], parts: readonly string[]): Found | undefined {
  for (const folder of layerFolders.toReversed()) {
    const ancestors = ancestorState(folder, parts)
    if (ancestors === 'missing') continue
    // A file or symlink in place of an ancestor hides the layers below, and must not be passed through.
    if (ancestors === 'other') return undefined
    const path = join(folder, ...parts)
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status?.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path) }
    if (status?.isDirectory()) return { kind: 'folder', path }
    if (status?.isFile()) return { kind: 'file', path }
    if (status) return undefined
  }
  return undefined
}

/** What one layer has where the folders above the last part should be. */
function ancestorState(folder: string, parts: readonly string[]): 'folders' | 'missing' | 'other' {
  for (let length = 1; length < parts.length; length++) {
    const path = join(folder, ...parts.slice(0, length))
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (!status) return 'missing'
    if (!status.isDirectory()) return 'other'
  }
  return 'folders'
}

function readSmall(path: string): string | undefined {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
  try {
    const status = fstatSync(descriptor)
    return status.isFile() && status.size <= maxSize ? readFileSync(descriptor, 'utf8') : undefined
  } finally {
    closeSync(descriptor)
  }
}
