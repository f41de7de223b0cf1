import { type BigIntStats, closeSync, fstatSync, readdirSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { closeFile, readLinkAt } from '../../../native/file.ts'
import { getAttribute, listAttributes } from '../../../native/xattr.ts'
import { rawPath } from '../../../rootfs/layer/folder-cache.ts'
import { isAllowedAttribute } from '../../../rootfs/layer/plan.ts'
import type { TarEntry, TarEntryKind } from '../../../rootfs/layer/tar-entry.ts'
import type { FileView } from '../file-view/file-view.ts'
import { containerIdOf } from '../file-view/map-id.ts'
import { type Place, openStep } from '../file-view/walk-path.ts'
import type { EntrySink } from './entry-sink.ts'
import { giveContent, openContent } from './file-content.ts'

const pieceSize = 1024 * 1024
const emptyAttributes: ReadonlyMap<string, Buffer> = new Map()

interface Here {
  readonly path: string
  readonly file: number
  readonly isWritable: boolean
  readonly status: BigIntStats
}

/**
 * Give a file, or a folder with all below it, to `sink`. Symbolic links are given as such; each
 * name is opened once and only looked at through that descriptor. A file that vanishes meanwhile
 * is left out. Sockets are, too: no archive holds them.
 *
 * @param name name of the top; empty: only what is in the folder gets names
 */
export async function readTree(
  view: FileView,
  top: Place,
  name: string,
  sink: EntrySink,
): Promise<void> {
  const linkedBefore = createFirstNames()
  const piece = Buffer.allocUnsafeSlow(pieceSize)
  let sinceBreath = 0
  const { file, status } = top
  if (file === undefined || !status) throw new OperationError('INTERNAL', 'read what is not there')
  await give({ path: top.path, isWritable: top.isWritable, file, status }, name)

  async function give(here: Here, as: string): Promise<void> {
    const kind = kindOf(here.status)
    if (kind === undefined) return
    const first = linkedBefore(here.status, as)
    if (first !== undefined)
      return sink.entry(entryOf(view, here, { kind: 'hardlink', name: as, linkName: first }))
    if (kind === 'file') giveFile(here, as)
    else {
      const linkName = kind === 'symlink' ? linkText(here.file) : ''
      sink.entry(entryOf(view, here, { kind, name: as === '' ? '.' : as, linkName }))
    }
    // The resident engine serves others, too.
    if (++sinceBreath % 64 === 0) await new Promise(setImmediate)
    if (kind === 'directory') await giveChildren(here, as)
  }

  async function giveChildren(here: Here, as: string): Promise<void> {
    // Through our own /proc: the descriptor, not a path, says which folder it is.
    const names = readdirSync(`/proc/self/fd/${here.file}`, 'latin1').toSorted()
    for (const name of names) {
      const child = openStep(view, here, name)
      if (typeof child === 'number') continue
      try {
        const status = fstatSync(child.file, { bigint: true })
        await give({ ...child, status }, as === '' ? name : `${as}/${name}`)
      } finally {
        closeFile(child.file)
      }
    }
  }

  function giveFile(here: Here, as: string): void {
    const content = openContent(here.file, here.status)
    try {
      const { size, storedSize, sparse } = content
      const wanted = { kind: 'file', name: as, linkName: '' } as const
      sink.entry({ ...entryOf(view, here, wanted), size, storedSize, sparse })
      giveContent(content, piece, sink)
      sink.end()
    } finally {
      closeSync(content.file)
    }
  }
}

/** Names of files by what they are: a second name of one is a hard link to the first. */
function createFirstNames(): (status: BigIntStats, as: string) => string | undefined {
  const firstNames = new Map<string, string>()
  return (status, as) => {
    if (status.nlink < 2n || status.isDirectory()) return undefined
    const key = `${status.dev}:${status.ino}`
    const first = firstNames.get(key)
    if (first === undefined) firstNames.set(key, as)
    return first
  }
}

type Naming = Pick<TarEntry, 'kind' | 'name' | 'linkName'>

function entryOf(view: FileView, { file, status }: Here, naming: Naming): TarEntry {
  return {
    ...naming,
    mode: Number(status.mode & 0o7777n),
    uid: containerIdOf(view.uidMappings, Number(status.uid)),
    gid: containerIdOf(view.gidMappings, Number(status.gid)),
    size: 0,
    storedSize: 0,
    mtime: {
      seconds:
        Number(status.mtimeNs / 1_000_000_000n) - (status.mtimeNs % 1_000_000_000n < 0n ? 1 : 0),
      nanoseconds: Number(((status.mtimeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n),
    },
    devMajor: Number((status.rdev >> 8n) & 0xfffn),
    devMinor: Number((status.rdev & 0xffn) | ((status.rdev >> 12n) & 0xfff00n)),
    xattrs:
      naming.kind === 'file' || naming.kind === 'directory' ? attributes(file) : emptyAttributes,
    sparse: undefined,
  }
}

/** Capabilities, access lists and the user's own; nothing that steers overlayfs. */
function attributes(file: number): ReadonlyMap<string, Buffer> {
  const names = listAttributes(file)
  if (typeof names === 'number' || names.length === 0) return emptyAttributes
  const found = new Map<string, Buffer>()
  for (const name of names) {
    if (!isAllowedAttribute(name) || name === 'security.selinux') continue
    const value = getAttribute(file, rawPath(name))
    if (typeof value !== 'number') found.set(name, value)
  }
  return found
}

function linkText(link: number): string {
  const target = readLinkAt(link, '')
  return typeof target === 'number' ? '' : target.toString('latin1')
}

/** @returns undefined for a socket */
function kindOf(status: BigIntStats): Exclude<TarEntryKind, 'hardlink'> | undefined {
  if (status.isFile()) return 'file'
  if (status.isDirectory()) return 'directory'
  if (status.isSymbolicLink()) return 'symlink'
  if (status.isCharacterDevice()) return 'character-device'
  if (status.isBlockDevice()) return 'block-device'
  return status.isFIFO() ? 'fifo' : undefined
}
