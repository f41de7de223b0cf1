import { fstatSync, statSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { hostImageArchitecture } from '../store/add-built-image.ts'
import { announceImage } from '../store/image-events.ts'
import type { ImageStore } from '../store/image-store.ts'
import { withLease } from '../store/lease.ts'
import { type ImageFiles, filesOfArchive, filesOfFolder } from './image-files.ts'
import { importDocker } from './import-docker.ts'
import type { LoadedImage } from './import-manifest.ts'
import { importOci } from './import-oci.ts'
import { readPlatform } from './manifest.ts'
import { openInput, plainArchive, seekable } from './open-archive.ts'

export interface LoadOptions {
  /** File, folder (OCI layout), or "-" for standard input. */
  readonly input: string
  /** "linux/amd64"; absent: this machine's. */
  readonly platform?: string | undefined
  /** Keep indexes with the images of all platforms too, to push or save them whole. */
  readonly allPlatforms?: boolean | undefined
  /** Told what could not be kept, and what is odd. */
  readonly onNote?: (note: string) => void
}

/**
 * Import all images of an OCI layout folder, an OCI archive or a docker archive, plain or compressed.
 *
 * @throws {OperationError} `INVALID_IMAGE` where it is malformed, cut off or hostile; nothing is entered then
 */
export async function loadImages(store: ImageStore, options: LoadOptions): Promise<LoadedImage[]> {
  const loaded = await readImages(store, options)
  for (const { image } of loaded) announceImage(store, 'load', image.id)
  return loaded
}

async function readImages(store: ImageStore, options: LoadOptions): Promise<LoadedImage[]> {
  const platform = readPlatform(options.platform ?? `linux/${hostImageArchitecture()}`)
  const onNote = options.onNote ?? (() => undefined)
  return withLease(store, async (lease) => {
    const files = await openImageFiles(store, options.input)
    const found = { platform, allPlatforms: options.allPlatforms, onNote }
    try {
      if (files.find('index.json')) return await importOci(lease, files, found)
      if (files.find('manifest.json')) return await importDocker(lease, files, found)
      throw notAnImage(options.input, files)
    } catch (error) {
      throw withCure(error, options.input)
    } finally {
      files.close()
    }
  })
}

async function openImageFiles(store: ImageStore, input: string): Promise<ImageFiles> {
  if (input !== '-' && statSync(input, { throwIfNoEntry: false })?.isDirectory())
    return filesOfFolder(input)
  const opened = openInput(input)
  const file = seekable(store.folders, opened, fstatSync(opened).isFile())
  try {
    return filesOfArchive(await plainArchive(store.folders, file, fstatSync(file).size))
  } catch (cause) {
    throw new OperationError(
      'INVALID_IMAGE',
      'read an image archive',
      { input },
      { cause, hint: writeAgain },
    )
  }
}

const writeAgain =
  'The archive is damaged or no image: write it again ("myimage save", "docker save"), and compare sizes after copying'

/** What is wrong inside an archive was found deep down, where nobody knows what is read. */
function withCure(error: unknown, input: string): unknown {
  if (!(error instanceof OperationError)) return error
  const { code, step, detail, hint = writeAgain, exitCode, cause } = error
  // What is no reference was not the user's, but the archive's.
  if (code !== 'INVALID_IMAGE' && code !== 'INVALID_ARGUMENT') return error
  return new OperationError('INVALID_IMAGE', step, { ...detail, input }, { hint, exitCode, cause })
}

function notAnImage(input: string, files: ImageFiles): OperationError {
  const looksLikeRoot = files.names.some((name) => /^(?:\.?\/)?(?:bin|etc|usr)(?:\/|$)/.test(name))
  const stat = statSync(input, { throwIfNoEntry: false })
  if (stat?.isFile() === true && stat.size === 0)
    return new OperationError(
      'INVALID_IMAGE',
      'find an image in an archive',
      { input, reason: 'it is empty' },
      { hint: writeAgain },
    )
  return new OperationError(
    'INVALID_IMAGE',
    'find an image in an archive',
    { input, reason: 'it has neither index.json nor manifest.json' },
    looksLikeRoot
      ? { hint: 'It looks like a root file system: use "myimage import"' }
      : { hint: 'Give an OCI layout, an OCI archive or a docker archive' },
  )
}
