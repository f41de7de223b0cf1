import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { type TarEntry } from '../layer/tar-entry.ts'
import { createTarReader } from '../layer/tar-reader.ts'
import { type BlobSource, readStart } from '../store/blob-source.ts'

/** The files that make up images: a folder, or the members of an archive. */
export interface ImageFiles {
  /** A regular file by its path within; undefined where there is none. */
  find(path: string): BlobSource | undefined
  /** Some names, for messages. */
  readonly names: readonly string[]
  close(): void
}

const maxMembers = 100_000
const maxDocument = 4 * 1024 * 1024

/** A JSON document among the files. @throws {OperationError} `INVALID_IMAGE` where it is over 4 MiB */
export function readDocument(source: BlobSource, what: string): Buffer {
  if (source.size > maxDocument)
    throw new OperationError('INVALID_IMAGE', 'read a document of an image', {
      document: what,
      bytes: source.size,
      limit: maxDocument,
    })
  return readStart(source, source.size)
}

/** Files of a folder, e.g. an OCI image layout. Names are checked by the caller; links are not followed. */
export function filesOfFolder(folder: string): ImageFiles {
  const opened = new Map<string, BlobSource>()
  return {
    names: [],
    find(path) {
      const known = opened.get(path)
      if (known) return known
      if (path.split('/').includes('..')) return undefined
      let descriptor: number
      try {
        const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
        descriptor = openSync(join(folder, path), flags)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        const detail = { path, errno: String((error as NodeJS.ErrnoException).code) }
        throw new OperationError('INVALID_IMAGE', 'open a file of an image', detail, {
          cause: error,
        })
      }
      const status = fstatSync(descriptor)
      const source = { descriptor, offset: 0, size: status.size }
      opened.set(path, source)
      return status.isFile() ? source : undefined
    },
    close() {
      for (const { descriptor } of opened.values()) closeSync(descriptor)
    },
  }
}

/**
 * Members of a plain tar archive in a file. Only headers are read.
 *
 * @throws {OperationError} `INVALID_IMAGE` where it is no tar archive or cut off
 */
export function filesOfArchive(descriptor: number): ImageFiles {
  const size = fstatSync(descriptor).size
  const members = indexArchive(descriptor, size)
  return {
    names: [...members.keys()].slice(0, 20),
    find(path) {
      let found = members.get(path)
      // Old docker archives store a repeated layer as a link to its first place.
      if (found?.link !== undefined) found = members.get(found.link)
      return found?.source
    },
    close: () => closeSync(descriptor),
  }
}

interface Member {
  readonly source?: BlobSource
  readonly link?: string
}

function indexArchive(descriptor: number, size: number): Map<string, Member> {
  const members = new Map<string, Member>()
  const reader = createTarReader({
    entry(entry, offset) {
      if (members.size >= maxMembers)
        throw new OperationError('INVALID_IMAGE', 'read an archive', { reason: 'too many members' })
      members.set(entry.name.replace(/^\.\//, ''), toMember(entry, descriptor, offset))
      return false
    },
    data: () => undefined,
    end: () => undefined,
  })
  const block = Buffer.alloc(64 * 1024)
  for (let at = 0; at < size;) {
    const piece = readStart({ descriptor, offset: at, size: size - at }, block.length)
    if (piece.length === 0) break
    reader.push(piece)
    at += piece.length
    const over = Math.min(reader.skippable, size - at)
    if (over > 0) {
      reader.skip(over)
      at += over
    }
  }
  reader.finish()
  return members
}

function toMember(entry: TarEntry, descriptor: number, offset: number): Member {
  if (entry.kind === 'file' && !entry.sparse)
    return { source: { descriptor, offset, size: entry.storedSize } }
  if (entry.kind === 'hardlink') return { link: entry.linkName }
  if (entry.kind !== 'symlink') return {}
  const parts = entry.name.split('/').slice(0, -1)
  for (const part of entry.linkName.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return { link: parts.join('/') }
}
