import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { StepFolder } from '../../rootfs/build-steps/step-folder.ts'
import { parseImageConfiguration } from '../../rootfs/store/image-config.ts'
import { readMergedFile } from '../../rootfs/store/read-merged-file.ts'
import { type ContainerFolder, containerFolder } from '../container/container-folder.ts'
import type { EngineFolders } from '../container/folders.ts'
import type { RootSource } from '../container/resolve-image.ts'

// What lies below a step of a build is no image of the store yet. The container's folder tells
// which layers they are, so that exec, diff and cp know them, too.

/** Begins the image id of such a container; its own id follows. */
export const stepImagePrefix = 'step:'

function layersFile(folder: ContainerFolder): string {
  return join(folder.path, 'layers.json')
}

export function writeStepLayers(folder: ContainerFolder, { layersBelow, work }: StepFolder): void {
  // overlayfs wants a layer to lie over: an empty one does.
  const layers = layersBelow.length === 0 ? [work] : layersBelow
  writeFileSync(layersFile(folder), JSON.stringify(layers), { mode: 0o600 })
}

/** @throws {OperationError} `NOT_FOUND` where the container is gone */
export function rootOfStep(folders: EngineFolders, imageId: string): RootSource {
  const id = imageId.slice(stepImagePrefix.length)
  let layerFolders: string[]
  try {
    layerFolders = JSON.parse(readFileSync(layersFile(containerFolder(folders, id)), 'utf8'))
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'find the layers of a build step', { id }, { cause })
  }
  return {
    imageId,
    config: parseImageConfiguration('{}').config,
    layerFolders,
    passwd: readMergedFile(layerFolders, '/etc/passwd'),
    group: readMergedFile(layerFolders, '/etc/group'),
  }
}
