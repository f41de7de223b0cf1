import { closeSync, fstatSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { addSingleLayerImage } from '../store/add-single-layer-image.ts'
import { layerInFile } from '../store/blob-source.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/image-store.ts'
import { applyChange } from './apply-change.ts'
import type { Platform } from './manifest.ts'
import { creationTime } from './source-date-epoch.ts'
import { openInput, seekable } from './open-archive.ts'

export interface RootTarballOptions {
  /** File, or "-" for standard input. */
  readonly input: string
  readonly reference?: string | undefined
  /** "CMD …", "ENV …", … */
  readonly changes?: readonly string[] | undefined
  readonly message?: string | undefined
  /** Absent: this machine's. */
  readonly platform?: Platform | undefined
  readonly onNote?: (note: string) => void
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Make an image of one layer from the tarball, plain or compressed, of a root file system. */
export async function importRootTarball(
  store: ImageStore,
  options: RootTarballOptions,
): Promise<Image> {
  const config: Record<string, unknown> = { Env: [`PATH=${defaultPath}`] }
  for (const change of options.changes ?? []) applyChange(config, change)
  const opened = openInput(options.input)
  const found = fstatSync(opened)
  if (found.isDirectory()) {
    closeSync(opened)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'import a tarball',
      { input: options.input, reason: 'it is a folder' },
      { hint: `tar -C ${options.input} -c . | myimage import -` },
    )
  }
  const file = seekable(store.folders, opened, found.isFile())
  try {
    return await addSingleLayerImage(store, {
      layer: layerInFile({ descriptor: file, offset: 0, size: fstatSync(file).size }),
      config,
      ...(options.platform === undefined ? {} : { platform: options.platform }),
      created: creationTime(),
      createdBy: `import ${options.input}`,
      comment: options.message,
      references: options.reference === undefined ? [] : [options.reference],
      onNote: options.onNote ?? (() => undefined),
    })
  } finally {
    if (file !== 0) closeSync(file)
  }
}
