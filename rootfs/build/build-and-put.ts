import { closeSync, openSync, rmSync } from 'node:fs'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/image-store.ts'
import type { BuildRequest, BuildTools } from './execute/build-request.ts'
import { buildImage } from './execute/build-image.ts'
import type { OutputWish } from './output-wish.ts'

const standardOutput = 1

/** Build, then write the result where it is wanted. @returns the id of the image */
export async function buildAndPut(
  store: ImageStore,
  request: BuildRequest,
  tools: BuildTools,
  outputs: readonly OutputWish[],
): Promise<string> {
  const image = await buildImage(store, request, tools)
  for (const output of outputs) await putImage(store, image, output, request)
  return image.id
}

async function putImage(
  store: ImageStore,
  image: Image,
  { type, destination }: OutputWish,
  request: BuildRequest,
): Promise<void> {
  if (type === 'store') return
  const onNote = (text: string): void => request.onEvent({ kind: 'note', text })
  if (type === 'local') {
    const { writeOutputFolder } = await import('../build-steps/output-folder.ts')
    return writeOutputFolder(image.layerFolders, destination, { onNote })
  }
  if (type === 'tar') {
    const { outputTar } = await import('../build-steps/output-tar.ts')
    const { writeAll } = await import('../../native/write-all.ts')
    return withFile(destination, (descriptor) => {
      const pieces = outputTar(image.layerFolders, { epoch: request.epoch, onNote })
      for (const piece of pieces) writeAll(descriptor, piece)
    })
  }
  const { saveImages } = await import('../import/save-images.ts')
  const { archiveSink } = await import('../import/file-sink.ts')
  await withFile(destination, (descriptor) => {
    const sink = archiveSink(descriptor)
    saveImages(store, [{ ...image, image }], type, sink)
    sink.finish()
  })
}

/** A file that could not be written whole is removed. */
async function withFile(
  path: string,
  write: (descriptor: number) => Promise<void> | void,
): Promise<void> {
  if (path === '-') return write(standardOutput)
  const descriptor = openSync(path, 'w')
  try {
    await write(descriptor)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
}
