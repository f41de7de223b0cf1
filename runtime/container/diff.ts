import { type BigIntStats, closeSync, fstatSync, openSync, readdirSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { closeFile, openAt, openFlags } from '../../native/file.ts'
import { getAttribute } from '../../native/xattr.ts'
import { isWhiteoutDevice } from '../../rootfs/layer/folder-entry.ts'
import { isOpaqueFolder } from '../../rootfs/layer/opaque-folder.ts'
import { rawPath } from '../../rootfs/layer/folder-cache.ts'
import { openMergedRoot } from '../../rootfs/merged-root.ts'
import type { DiffEntry } from '../cli/engine.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { fromRaw, toRaw } from '../../native/raw-text.ts'
import { childPath } from './file-view/walk-path.ts'
import { ownPlaces } from './own-places.ts'
import { resolveContainer } from './record-store.ts'
import { rootOfRecord } from './resolve-image.ts'

// What a container changed is what overlayfs put into its upper folder, compared with the image's
// joined layers: see "Whiteouts and opaque directories" in the kernel's
// Documentation/filesystems/overlayfs.rst. Both trees are walked side by side through descriptors,
// name by name, so no link of the container's is ever followed.

/**
 * `diff`: what a container has changed in its root file system, by path. A folder counts as changed
 * where its own mode or owner, or anything in it, is; a file where its stat(2) or capabilities are.
 *
 * @throws {OperationError} `UNSUPPORTED` for a container on a plain folder
 */
export async function diffOfContainer(
  context: EngineContext,
  reference: string,
): Promise<DiffEntry[]> {
  const record = resolveContainer(context.folders, reference)
  if (record.options.rootfs)
    throw new OperationError(
      'UNSUPPORTED',
      `show the changes of ${record.name}`,
      {},
      { hint: 'It runs on a folder (--rootfs), and nothing is kept to compare with', exitCode: 1 },
    )
  const { layerFolders } = await rootOfRecord(context, record.imageId, record.options)
  const mountPoints = [
    ...record.mounts.map(({ destination }) => destination),
    ...(record.options.secrets ?? []).map(({ target }) => target),
  ]
  return diffFolders(
    containerFolder(context.folders, record.id).upper,
    layerFolders,
    new Set([...ownPlaces, ...mountPoints].map(toRaw)),
  )
}

/**
 * @param lowerFolders the image's layers, lowest first
 * @param mountPoints where something was mounted, one character per byte; not looked at
 */
function diffFolders(
  upper: string,
  lowerFolders: readonly string[],
  mountPoints: ReadonlySet<string>,
): DiffEntry[] {
  const entries: DiffEntry[] = []
  // Our own folder, and for a step of a build our own link to one.
  const upperRoot = openSync(upper, openFlags.path | openFlags.directory)
  try {
    using image = openMergedRoot(lowerFolders)
    compareFolder({ path: '/', upper: upperRoot, lower: image.descriptor })
  } finally {
    closeSync(upperRoot)
  }
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))

  function compareFolder(here: Pair): void {
    const names = namesIn(here.upper)
    for (const name of names) {
      const path = childPath(here.path, name)
      if (mountPoints.has(path)) continue
      withChild(here.upper, name, (child, status) => {
        const isKnown = withChild(here.lower, name, (below, before) =>
          compareChild({ path, upper: child, lower: below }, status, before),
        )
        if (!isKnown) compareChild({ path, upper: child, lower: undefined }, status, undefined)
      })
    }
    // A folder that was removed and made again hides everything that it does not name.
    if (here.lower === undefined || !isOpaqueFolder(here.upper)) return
    const kept = new Set(names)
    for (const name of namesIn(here.lower))
      if (!kept.has(name)) add('deleted', childPath(here.path, name))
  }

  function compareChild(pair: Pair, status: BigIntStats, before: BigIntStats | undefined): void {
    const { path } = pair
    if (isWhiteoutDevice(status)) {
      if (before) add('deleted', path)
      return
    }
    const counted = entries.length
    if (status.isDirectory())
      compareFolder({ ...pair, lower: before?.isDirectory() ? pair.lower : undefined })
    if (before) {
      const changed = entries.length > counted || isChanged(pair, status, before)
      if (changed) add('changed', path)
    } else if (entries.length > counted || !holdsMountPoint(path, mountPoints)) add('added', path)
  }

  function add(kind: DiffEntry['kind'], path: string): void {
    entries.push({ kind, path: fromRaw(path) })
  }
}

interface Pair {
  readonly path: string
  readonly upper: number
  /** Undefined where the image has nothing to compare with. */
  readonly lower: number | undefined
}

/** @returns whether there is a child of this name; it is closed afterwards */
function withChild(
  folder: number | undefined,
  name: string,
  use: (file: number, status: BigIntStats) => void,
): boolean {
  if (folder === undefined) return false
  const file = openAt(folder, rawPath(name), openFlags.path | openFlags.noFollow)
  if (file < 0) return false
  try {
    use(file, fstatSync(file, { bigint: true }))
    return true
  } finally {
    closeFile(file)
  }
}

function namesIn(folder: number): string[] {
  return readdirSync(`/proc/self/fd/${folder}`, 'latin1')
}

/** As docker compares: a folder's times and size change with its content, which is looked at itself. */
function isChanged({ upper, lower }: Pair, now: BigIntStats, before: BigIntStats): boolean {
  if (now.mode !== before.mode || now.uid !== before.uid || now.gid !== before.gid) return true
  if (now.isDirectory()) return false
  if (now.rdev !== before.rdev || now.size !== before.size || now.mtimeNs !== before.mtimeNs)
    return true
  return now.isFile() && capability(upper) !== capability(lower)
}

function capability(file: number | undefined): string {
  const value = file === undefined ? -1 : getAttribute(file, 'security.capability')
  return typeof value === 'number' ? '' : value.toString('hex')
}

/** Whether it was only made to hold a mount. */
function holdsMountPoint(path: string, mountPoints: ReadonlySet<string>): boolean {
  for (const other of mountPoints) if (other.startsWith(`${path}/`)) return true
  return false
}
