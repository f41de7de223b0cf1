import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DiffEntry } from '../cli/engine.ts'
import { getAttributeOfPath } from '../../native/xattr.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import type { EngineFolders } from './folders.ts'
import { resolveContainer } from './record-store.ts'
import { rootOfRecord } from './resolve-image.ts'

// What a container changed is exactly what overlayfs put into its upper folder: see "Whiteouts and
// opaque directories" in the kernel's Documentation/filesystems/overlayfs.rst.

/** Files that we mount over the container's root; the names that hold them are not its changes. */
const ours = new Set([
  '/dev',
  '/proc',
  '/sys',
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/run/.containerenv',
])

/** `diff`: what a container has changed in its root file system, by path. */
export async function diffOfContainer(
  context: EngineContext,
  reference: string,
): Promise<DiffEntry[]> {
  const record = resolveContainer(context.folders, reference)
  const root = await rootOfRecord(context, record.imageId, record.options)
  const mountPoints = record.mounts.map(({ destination }) => destination)
  return diffContainer(context.folders, record.id, root.layerFolders, mountPoints)
}

/**
 * @param lowerFolders the image's layers, lowest first
 * @param mountPoints destinations of the container's own mounts, which are not its changes either
 */
export function diffContainer(
  folders: EngineFolders,
  id: string,
  lowerFolders: readonly string[],
  mountPoints: readonly string[],
): DiffEntry[] {
  const { upper } = containerFolder(folders, id)
  const ignored = new Set([...ours, ...mountPoints])
  const entries: DiffEntry[] = []
  walk('/')
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))

  function walk(folder: string): void {
    for (const name of readdirSync(join(upper, folder))) {
      const path = join(folder, name)
      if (ignored.has(path)) continue
      const status = lstatSync(join(upper, path))
      const isWhiteout = status.isCharacterDevice() && status.rdev === 0
      if (isWhiteout) {
        entries.push({ kind: 'deleted', path })
        continue
      }
      const before = entries.length
      const wasThere = existsBelow(lowerFolders, path)
      if (status.isDirectory()) walk(path)
      const onlyHoldsMountPoint = status.isDirectory() && holdsIgnored(path, ignored)
      if (wasThere && status.isDirectory() && entries.length === before && !isOpaque(path)) {
        if (!onlyHoldsMountPoint) entries.push({ kind: 'changed', path })
        continue
      }
      entries.push({ kind: wasThere ? 'changed' : 'added', path })
    }
  }

  function isOpaque(path: string): boolean {
    const names = ['trusted.overlay.opaque', 'user.overlay.opaque']
    return names.some((name) => typeof getAttributeOfPath(join(upper, path), name) !== 'number')
  }
}

function holdsIgnored(path: string, ignored: ReadonlySet<string>): boolean {
  for (const other of ignored) if (other.startsWith(`${path}/`)) return true
  return false
}

/** Whether the merged layers have `path`: the topmost layer that says anything decides. */
function existsBelow(lowerFolders: readonly string[], path: string): boolean {
  for (const layer of lowerFolders.toReversed()) {
    try {
      const status = lstatSync(join(layer, path))
      return !(status.isCharacterDevice() && status.rdev === 0)
    } catch {
      // This layer says nothing of it.
    }
  }
  return false
}
