import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fstatSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError, describeError } from '../../native/error.ts'
import { compareTrees } from '../layer/compare-trees.ts'
import { runOnThread } from '../layer/worker-pool.ts'
import { type StoredLayer, readLayerNote } from './layer-note.ts'
import type { Lease } from './lease.ts'
import { blobPath, layerFolder } from './store-folders.ts'

const maxShown = 10

/**
 * Unpack a layer's blob once more, beside, and compare.
 *
 * @param below chain ids of the layers below, lowest first
 * @returns what differs; and the folder with "fs" as it should be
 */
export async function verifyLayer(
  lease: Lease,
  layer: StoredLayer,
  below: readonly string[],
): Promise<{ difference: string | undefined; fresh: string }> {
  const fresh = join(lease.folder, `layer-${randomUUID()}`)
  const folder = join(fresh, 'fs')
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const descriptor = openSync(blobPath(lease.folders, layer.digest), 'r')
  try {
    const source = { descriptor, offset: 0, size: fstatSync(descriptor).size }
    const lowerFolders = below.map((chainId) => layerFolder(lease.folders, chainId))
    const task = { kind: 'unpack', source, folder, lowerFolders, isHashed: true } as const
    const { digest } = await runOnThread(task, () => undefined)
    if (digest !== layer.diffId) return { difference: `its blob unpacks to ${digest}`, fresh }
    return { difference: findDamage(lease, layer, folder), fresh }
  } catch (error) {
    if (error instanceof OperationError) return { difference: describeError(error), fresh }
    throw error
  } finally {
    closeSync(descriptor)
  }
}

function findDamage({ folders }: Lease, layer: StoredLayer, expected: string): string | undefined {
  const actual = layerFolder(folders, layer.chainId)
  if (!existsSync(actual)) return 'missing'
  const differences: string[] = []
  for (const { path, what } of compareTrees(expected, actual)) {
    if (differences.length === maxShown) {
      differences.push('and more')
      break
    }
    differences.push(`${Buffer.from(path || '/', 'latin1').toString()}: ${what}`)
  }
  if (differences.length > 0) return differences.join(', ')
  return readLayerNote(folders, layer.chainId) ? undefined : 'layer.json is damaged'
}
