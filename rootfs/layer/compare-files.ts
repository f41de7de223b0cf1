import { type BigIntStats, closeSync, openSync, readSync, readlinkSync } from 'node:fs'
import { getAttributeOfPath, listAttributesOfPath } from '../../native/xattr.ts'

/** A file by the bytes of its path, with what lstat(2) says about it. */
export interface ComparedFile {
  readonly path: Buffer
  readonly status: BigIntStats
}

/**
 * What two files differ in, first thing found; undefined where they are the same. A folder's size and
 * time are its children's matter.
 *
 * @param isDeep also compare content that has the same size and time, and all extended attributes
 */
export function findDifference(
  one: ComparedFile,
  other: ComparedFile,
  isDeep: boolean,
): string | undefined {
  const { status: a } = one
  const { status: b } = other
  if (a.dev === b.dev && a.ino === b.ino) return undefined
  if ((a.mode & 0o170000n) !== (b.mode & 0o170000n)) return 'type'
  if (a.mode !== b.mode) return 'mode'
  if (a.uid !== b.uid || a.gid !== b.gid) return 'owner'
  if (isDeep && attributes(one.path) !== attributes(other.path)) return 'extended attributes'
  if (a.isDirectory()) return undefined
  if (a.rdev !== b.rdev) return 'device number'
  if (a.size !== b.size) return 'size'
  if (a.isSymbolicLink() && !linkTarget(one.path).equals(linkTarget(other.path)))
    return 'link target'
  if (a.mtimeNs !== b.mtimeNs) return 'time'
  if (!isDeep) return capability(one.path) === capability(other.path) ? undefined : 'capability'
  return a.isFile() && !sameContent(one.path, other.path) ? 'content' : undefined
}

function linkTarget(path: Buffer): Buffer {
  return readlinkSync(path, 'buffer')
}

function withNul(path: Buffer): Buffer {
  return Buffer.concat([path, Buffer.of(0)])
}

function capability(path: Buffer): string {
  const value = getAttributeOfPath(withNul(path), 'security.capability')
  return typeof value === 'number' ? '' : value.toString('latin1')
}

/** What the kernel notes for itself in a folder that was an upper one: it says nothing of the files. */
const overlayNote = /^(?:trusted|user)\.overlay\.(?:uuid|impure|origin|nlink)$/

function attributes(path: Buffer): string {
  const names = listAttributesOfPath(withNul(path))
  if (typeof names === 'number') return ''
  return names
    .filter((name) => !overlayNote.test(name))
    .toSorted()
    .map((name) => {
      const value = getAttributeOfPath(withNul(path), name)
      return `${name}=${typeof value === 'number' ? '' : value.toString('hex')}`
    })
    .join(' ')
}

const pieceSize = 1024 * 1024
let pieces: readonly [Buffer, Buffer] | undefined

function sameContent(one: Buffer, other: Buffer): boolean {
  pieces ??= [Buffer.allocUnsafeSlow(pieceSize), Buffer.allocUnsafeSlow(pieceSize)]
  const [left, right] = pieces
  const a = openSync(one, 'r')
  const b = openSync(other, 'r')
  try {
    for (;;) {
      const count = readFull(a, left)
      if (count !== readFull(b, right)) return false
      if (count === 0) return true
      if (left.compare(right, 0, count, 0, count) !== 0) return false
    }
  } finally {
    closeSync(a)
    closeSync(b)
  }
}

function readFull(file: number, piece: Buffer): number {
  let filled = 0
  while (filled < piece.length) {
    const count = readSync(file, piece, filled, piece.length - filled, null)
    if (count === 0) return filled
    filled += count
  }
  return filled
}
