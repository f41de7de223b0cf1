import { OperationError } from '../../../native/error.ts'
import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'
import type { CommandIo } from '../../cli/command-io.ts'
import type { FileView } from '../file-view/file-view.ts'
import { hostIdOf } from '../file-view/map-id.ts'
import { toRaw } from '../../../native/raw-text.ts'
import { type Place, endsAsFolder, walkPath } from '../file-view/walk-path.ts'
import { type CopyTarget, planCopy } from './path-rules.ts'
import { readTree } from './read-tree.ts'
import type { Owner } from './entry-attributes.ts'
import { createTreeWriter } from './write-tree.ts'

export interface CopyEnd {
  readonly view: FileView
  /** As the user wrote it. */
  readonly path: string
  readonly isContainer: boolean
}

export interface CopyManner {
  /** Keep owners, and attributes on the host too. */
  readonly archive: boolean
  readonly followLink: boolean
}

/** What a copy uses of the outside. */
export type CopyIo = Pick<CommandIo, 'stdin' | 'stdout' | 'stderr'>

/** Copy a file or folder from one view into another. */
export async function copyBetween(
  from: CopyEnd,
  to: CopyEnd,
  manner: CopyManner,
  io: CopyIo,
): Promise<void> {
  const source = openSource(from, manner.followLink)
  try {
    const target = walkPath(to.view, toRaw(to.path), true)
    try {
      await copyPlace({ from, to, source, target, manner }, io)
    } finally {
      target.close()
    }
  } finally {
    source.close()
  }
}

/** @throws {OperationError} `NOT_FOUND` */
export function openSource({ view, path }: CopyEnd, followLink: boolean): Place {
  const source = walkPath(view, toRaw(path), followLink || endsAsFolder(path))
  if (source.file !== undefined) return source
  source.close()
  throw new OperationError('NOT_FOUND', `no such file or folder: ${path}`, {}, { exitCode: 1 })
}

interface Copy {
  readonly from: CopyEnd
  readonly to: CopyEnd
  readonly source: Place
  readonly target: Place
  readonly manner: CopyManner
}

async function copyPlace(copy: Copy, io: CopyIo): Promise<void> {
  const { from, to, source, target, manner } = copy
  const plan = planCopy(
    { path: from.path, isFolder: source.status?.isDirectory() ?? false },
    { path: to.path, kind: targetKind(target) },
  )
  const folder = plan.into === 'target' ? target : parentOf(target)
  const sink = createTreeWriter({
    view: to.view,
    target: folder,
    ownerOf: ownerRule(to, manner.archive),
    keepAttributes: to.isContainer || manner.archive,
    setTarget: false,
    followLinks: false,
    onNote: (note) => io.stderr.write(`${note}\n`),
  })
  try {
    const name = plan.name === undefined ? target.name : toRaw(plan.name)
    await readTree(from.view, source, name, sink)
    sink.finish()
  } finally {
    sink.close()
  }
}

function targetKind({ status }: Place): CopyTarget['kind'] {
  if (!status) return 'missing'
  if (status.isDirectory()) return 'folder'
  if (status.isFile()) return 'file'
  throw new OperationError(
    'INVALID_ARGUMENT',
    'copy to what is neither a file nor a folder',
    {},
    { exitCode: 1 },
  )
}

function parentOf(target: Place): Place {
  const path = target.path.slice(0, target.path.lastIndexOf('/')) || '/'
  return { ...target, path, file: target.parent, status: undefined }
}

/**
 * Copies belong to the container's root, or to the user on the host. Those of `--archive` keep
 * their numbers, as the container sees them.
 */
export function ownerRule(to: CopyEnd, archive: boolean): (entry: TarEntry) => Owner {
  const { uidMappings, gidMappings } = to.view
  const root = to.isContainer
    ? { uid: hostIdOf(uidMappings, 0) ?? 0, gid: hostIdOf(gidMappings, 0) ?? 0 }
    : { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  if (!archive) return () => root
  return ({ uid, gid }) => ({
    uid: hostIdOf(uidMappings, uid) ?? root.uid,
    gid: hostIdOf(gidMappings, gid) ?? root.gid,
  })
}
