import { openMergedRoot } from '../merged-root.ts'
import { openRoot } from '../path-in-root.ts'
import { OperationError } from '../../native/error.ts'
import { statSync } from 'node:fs'
import type { FileSource, IgnoreRules } from './file-source.ts'

/**
 * The build context in a folder of the user's.
 *
 * @throws {OperationError} `NOT_FOUND` where there is no such folder
 */
export function openContextSource(folder: string, ignore?: IgnoreRules): FileSource {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new OperationError(
      'NOT_FOUND',
      'open the build context',
      { path: folder },
      { hint: 'The context is a folder; give the Dockerfile with --file' },
    )
  const opened = openRoot(folder)
  const close = (): void => opened.close()
  return {
    root: opened.descriptor,
    name: 'the build context',
    ignore,
    keepsOwners: false,
    close,
    [Symbol.dispose]: close,
  }
}

/**
 * The files of a stage or an image.
 *
 * @param layerFolders absolute, lowest first, at least one
 * @param name for messages: "stage builder", "image alpine:3"
 */
export function openLayersSource(layerFolders: readonly string[], name: string): FileSource {
  const opened = openMergedRoot(layerFolders)
  const close = (): void => opened.close()
  return {
    root: opened.descriptor,
    name,
    ignore: undefined,
    keepsOwners: true,
    close,
    [Symbol.dispose]: close,
  }
}
