import { type BigIntStats, closeSync, fstatSync, readdirSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { closeFile } from '../../../native/file.ts'
import {
  attributesOf,
  deviceParts,
  linkText,
  memberType,
  modificationTime,
} from '../../../rootfs/layer/folder-entry.ts'
import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'
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
    const kind = memberType(here.status)
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
    mtime: modificationTime(status, undefined),
    ...deviceParts(status.rdev),
    // Nothing that steers overlayfs.
    xattrs:
      naming.kind === 'file' || naming.kind === 'directory'
        ? attributesOf(file).kept
        : emptyAttributes,
    sparse: undefined,
  }
}
