import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { hasCacheTables } from '../../rootfs/build/cache/cache-tables.ts'
import type { Image } from '../../rootfs/store/image.ts'
import type { ImageStore } from '../../rootfs/store/image-store.ts'
import { readLayerNote } from '../../rootfs/store/layer-note.ts'
import { cacheFolders } from '../build-step/cache-folder.ts'
import type { DiskUsage, ImageUsage } from '../cli/content-verbs.ts'
import type { Container } from '../cli/engine.ts'
import { listVolumes } from '../volume/volume-store.ts'
import type { EngineContext } from './engine-context.ts'
import { volumeBytes } from './engine-volumes.ts'
import { folderBytes, listContainers } from './list.ts'

/** Sizes of unpacked layers, by the hexadecimal part of their chain ids. */
type LayerSizes = ReadonlyMap<string, number>

/**
 * How much room everything takes, in bytes of files. A layer of several images counts once in the sum and as
 * shared in each; one that no image has is the build cache's.
 */
export async function diskUsage(context: EngineContext): Promise<DiskUsage> {
  const { dataDir } = context.folders
  const containers = await listContainers(context, { all: true, size: true })
  const store = await context.images()
  const images = store.list()
  const sizes = layerSizes(store)
  const volumes = listVolumes(dataDir).map((volume) => ({
    volume,
    bytes: volumeBytes(volume),
    containers: containers.filter(({ record }) =>
      record.mounts.some(({ name }) => name === volume.name),
    ).length,
  }))
  const owned = new Set(images.flatMap(layersOf))
  const cached = [...sizes].filter(([layer]) => !owned.has(layer))
  const caches = cacheFolders(dataDir).map(folderBytes)
  return {
    layerBytes: sum([...owned].map((layer) => sizes.get(layer) ?? 0)),
    images: usageOfImages(images, sizes, containers),
    containers,
    volumes,
    buildCache: {
      entries: countSteps(store) + caches.length,
      bytes: sum(cached.map(([, size]) => size)) + sum(caches),
    },
  }
}

function usageOfImages(
  images: readonly Image[],
  sizes: LayerSizes,
  containers: readonly Container[],
): ImageUsage[] {
  const users = new Map<string, number>()
  for (const image of images)
    for (const layer of layersOf(image)) users.set(layer, (users.get(layer) ?? 0) + 1)
  return images.map((image) => {
    const layers = [...new Set(layersOf(image))]
    const shared = layers.filter((layer) => (users.get(layer) ?? 0) > 1)
    return {
      id: image.id,
      references: image.references,
      created: Date.parse(image.config.created ?? '') || image.added,
      bytes: image.size,
      sharedBytes: sum(shared.map((layer) => sizes.get(layer) ?? 0)),
      layers: layers.map((layer) => ({ id: layer, bytes: sizes.get(layer) ?? 0 })),
      containers: containers.filter(({ record }) => record.imageId === image.id).length,
    }
  })
}

/** The folder above `fs` is named after the chain id. */
function layersOf({ layerFolders }: Image): string[] {
  return layerFolders.map((folder) => folder.split('/').at(-2) ?? '')
}

function layerSizes({ folders }: ImageStore): LayerSizes {
  if (!existsSync(folders.layers)) return new Map()
  const names = readdirSync(folders.layers).filter((name) => /^[0-9a-f]{64}$/.test(name))
  return new Map(
    names.map((name) => {
      // One that a power cut made doubtful is there all the same.
      const known = readLayerNote(folders, `sha256:${name}`)?.size
      return [name, known ?? folderBytes(join(folders.layers, name))]
    }),
  )
}

function countSteps(store: ImageStore): number {
  if (!store.exists() || !hasCacheTables(store.database())) return 0
  return Number(store.database().get('SELECT count(*) AS count FROM build_cache')?.['count'] ?? 0)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
