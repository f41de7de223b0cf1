import { OperationError } from '../../native/error.ts'
import type { SparseChunk } from './sparse-map.ts'
import { blockSize, checksum } from './tar-header.ts'

/** What goes into a header that we write. Names have one character per byte. */
export interface TarMember {
  readonly type:
    | 'file'
    | 'directory'
    | 'symlink'
    | 'hardlink'
    | 'character-device'
    | 'block-device'
    | 'fifo'
  readonly name: string
  readonly linkName?: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Whole seconds since 1970. */
  readonly mtime: number
  /** Fraction of `mtime`, 0 to 999 999 999; absent: none. */
  readonly nanoseconds?: number
  readonly devMajor?: number
  readonly devMinor?: number
  /** Extended attributes, by name. */
  readonly xattrs?: ReadonlyMap<string, Buffer>
  /** Where a file has data: only that follows the header, in PAX sparse format 0.1. `size` is the whole. */
  readonly sparse?: readonly SparseChunk[]
}

const flags = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const
const maxOctal8 = 0o7777777
const maxOctal12 = 0o77777777777

/** The two blocks of zeros that end an archive. */
export const endOfArchive = Buffer.alloc(2 * blockSize)

/**
 * Header of a member, in ustar, with a PAX header before it where a name or number needs one.
 * The same member gives the same bytes everywhere.
 */
export function formatTarHeader(member: TarMember): Buffer {
  const pax = paxFields(member)
  const block = ustarHeader(member, flags[member.type], storedSize(member))
  if (pax.length === 0) return block
  const data = Buffer.concat(pax)
  const header = ustarHeader(
    { ...member, name: 'PaxHeaders/member', linkName: '', mode: 0o644, uid: 0, gid: 0 },
    'x',
    data.length,
  )
  return Buffer.concat([header, data, tarPadding(data.length), block])
}

/** Zeros that fill the last block of `size` bytes of data. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc(paddingSize(size))
}

/** How many bytes that is. */
export function paddingSize(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize
}

function storedSize({ size, sparse }: TarMember): number {
  return sparse ? sparse.reduce((sum, stretch) => sum + stretch.size, 0) : size
}

function paxFields(member: TarMember): Buffer[] {
  const fields: Buffer[] = []
  if (member.name.length > 100) fields.push(paxRecord('path', member.name))
  if ((member.linkName?.length ?? 0) > 100)
    fields.push(paxRecord('linkpath', member.linkName ?? ''))
  if (member.uid > maxOctal8) fields.push(paxRecord('uid', String(member.uid)))
  if (member.gid > maxOctal8) fields.push(paxRecord('gid', String(member.gid)))
  const stored = storedSize(member)
  if (stored > maxOctal12) fields.push(paxRecord('size', String(stored)))
  if (member.sparse) fields.push(...sparseFields(member, member.sparse))
  if (member.mtime < 0 || member.nanoseconds) fields.push(paxRecord('mtime', paxTimeText(member)))
  for (const [name, value] of member.xattrs ?? [])
    fields.push(paxRecord(`SCHILY.xattr.${name}`, value.toString('latin1')))
  return fields
}

/** @see https://www.gnu.org/software/tar/manual/html_node/PAX-1.html, version 0.1 */
function sparseFields({ name, size }: TarMember, chunks: readonly SparseChunk[]): Buffer[] {
  return [
    paxRecord('GNU.sparse.size', String(size)),
    paxRecord('GNU.sparse.numblocks', String(chunks.length)),
    paxRecord('GNU.sparse.map', chunks.map((chunk) => `${chunk.offset},${chunk.size}`).join(',')),
    paxRecord('GNU.sparse.name', name),
  ]
}

function paxTimeText({ mtime, nanoseconds = 0 }: TarMember): string {
  if (nanoseconds === 0) return String(mtime)
  // The fraction counts upwards from a second that may be negative: -2 s and 0.75 s are -1.25 s.
  const isNegative = mtime < 0
  const seconds = isNegative ? -mtime - 1 : mtime
  const fraction = isNegative ? 1e9 - nanoseconds : nanoseconds
  return `${isNegative ? '-' : ''}${seconds}.${String(fraction).padStart(9, '0')}`
}

/** The length at the front of a record counts itself. */
export function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (String(length).length + rest.length !== length)
    length = String(length).length + rest.length
  return Buffer.from(`${length}${rest}`, 'latin1')
}

function ustarHeader(member: TarMember, flag: string, size: number): Buffer {
  if (member.name.includes('\0'))
    throw new OperationError('INVALID_ARGUMENT', 'write a tar header', { reason: 'NUL in a name' })
  const block = Buffer.alloc(blockSize)
  const text = (at: number, length: number, value: string): void => {
    block.write(value.slice(0, length), at, 'latin1')
  }
  const octal = (at: number, length: number, value: number, max: number): void => {
    const number = value < 0 || value > max ? 0 : value
    text(at, length - 1, number.toString(8).padStart(length - 1, '0'))
  }
  text(0, 100, member.name)
  octal(100, 8, member.mode, maxOctal8)
  octal(108, 8, member.uid, maxOctal8)
  octal(116, 8, member.gid, maxOctal8)
  octal(124, 12, size, maxOctal12)
  octal(136, 12, member.mtime, maxOctal12)
  text(156, 1, flag)
  text(157, 100, member.linkName ?? '')
  text(257, 8, 'ustar\x0000')
  if (flag === '3' || flag === '4') {
    octal(329, 8, member.devMajor ?? 0, maxOctal8)
    octal(337, 8, member.devMinor ?? 0, maxOctal8)
  }
  text(148, 8, `${checksum(block).toString(8).padStart(6, '0')}\0 `)
  return block
}
