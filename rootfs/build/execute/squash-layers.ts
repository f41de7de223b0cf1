import { closeSync, openSync, readdirSync } from 'node:fs'
import { closeFile, openAt2, openFlags, resolveFlags } from '../../../native/file.ts'
import { commitStep, settleCommits } from '../../build-steps/commit-step.ts'
import { makeStepFolder } from '../../build-steps/step-folder.ts'
import { openStepRoot } from '../../build-steps/step-root.ts'
import { decompress, defaultUnpackLimits } from '../../layer/decompress.ts'
import { rawPath } from '../../layer/folder-cache.ts'
import { type LayerWriter, createLayerWriter } from '../../layer/layer-writer.ts'
import { type LayerOperation, planEntry } from '../../layer/plan.ts'
import { removeTreeAt } from '../../layer/remove-tree.ts'
import { createTarReader } from '../../layer/tar-reader.ts'
import { readPieces } from '../../store/blob-source.ts'
import type { StoredLayer } from '../../store/layer-note.ts'
import type { Lease } from '../../store/lease.ts'
import { blobPath, layerFolder } from '../../store/store-folders.ts'

export interface SquashWish {
  /** Layers that stay as they are, lowest first. */
  readonly base: readonly StoredLayer[]
  /** Layers above them that become one. */
  readonly added: readonly StoredLayer[]
  readonly epoch: number | undefined
  readonly onNote: (text: string) => void
}

/**
 * Make one layer of several: what a later one removes or replaces is not in it.
 *
 * @returns undefined where nothing is left
 */
export async function squashLayers(
  lease: Lease,
  { base, added, epoch, onNote }: SquashWish,
): Promise<StoredLayer | undefined> {
  const chainIds = base.map(({ chainId }) => chainId)
  const folders = chainIds.map((chainId) => layerFolder(lease.folders, chainId))
  const step = makeStepFolder(lease, folders)
  try {
    const root = openStepRoot(step)
    try {
      for (const layer of added) await applyLayer(lease, root.descriptor, layer, onNote)
    } finally {
      root.close()
    }
    const layer = await commitStep(lease, step, { below: chainIds, epoch, onNote })
    await settleCommits(lease)
    return layer
  } finally {
    step.discard()
  }
}

async function applyLayer(
  lease: Lease,
  root: number,
  layer: StoredLayer,
  onNote: (text: string) => void,
): Promise<void> {
  // What the layer hides belongs to those below it, wherever in the archive the mark stands.
  await readLayer(lease, layer, (operation) => {
    hide(root, operation)
    return undefined
  })
  const writer = createLayerWriter({ root, lowerFolders: [], onNote })
  try {
    await readLayer(lease, layer, (operation) => {
      if (operation.op === 'whiteout' || operation.op === 'opaque') return undefined
      writer.apply(operation)
      return writer
    })
    writer.finish()
  } finally {
    writer.close()
  }
}

/** @param take returns the writer that takes the data of a file */
async function readLayer(
  lease: Lease,
  layer: StoredLayer,
  take: (operation: LayerOperation) => LayerWriter | undefined,
): Promise<void> {
  let writer: LayerWriter | undefined
  const reader = createTarReader({
    entry(entry) {
      const operation = planEntry(entry)
      writer = take(operation)
      return writer !== undefined && operation.op === 'make' && entry.kind === 'file'
    },
    data: (chunk) => writer?.data(chunk),
    end: () => writer?.endFile(),
  })
  const descriptor = openSync(blobPath(lease.folders, layer.digest), 'r')
  try {
    const pieces = readPieces({ descriptor, offset: 0, size: layer.blobSize })
    for await (const piece of decompress(pieces, layer.compression, defaultUnpackLimits))
      reader.push(piece)
    reader.finish()
  } finally {
    closeSync(descriptor)
  }
}

function hide(root: number, operation: LayerOperation): void {
  if (operation.op === 'whiteout')
    withFolder(root, operation.parent, (folder) => removeTreeAt(folder, rawPath(operation.name)))
  if (operation.op === 'opaque')
    withFolder(root, operation.folder, (folder) => {
      for (const child of readdirSync(`/proc/self/fd/${folder}`, 'buffer'))
        removeTreeAt(folder, Buffer.concat([child, Buffer.of(0)]))
    })
}

function withFolder(root: number, path: string, work: (folder: number) => void): void {
  const folder = openAt2(root, rawPath(path === '' ? '.' : path), {
    flags: openFlags.directory | openFlags.noFollow,
    resolve: resolveFlags.beneath | resolveFlags.noSymlinks,
  })
  // There is nothing to hide in a folder that is not there.
  if (folder < 0) return
  try {
    work(folder)
  } finally {
    closeFile(folder)
  }
}
