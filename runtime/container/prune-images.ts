import { hasCode } from '../../native/error.ts'
import { forgetBuildCache } from '../../rootfs/build/cache/cache-tables.ts'
import { imagesInUse } from '../../rootfs/cli/images-in-use.ts'
import { pruneImages, removeImage } from '../../rootfs/store/remove-image.ts'
import { sweepContent } from '../../rootfs/store/sweep-content.ts'
import { pruneCaches } from '../build-step/cache-folder.ts'
import { repairBuilds } from '../build-step/repair-builds.ts'
import type { PruneImagesOptions } from '../cli/content-verbs.ts'
import type { PruneFilter, PruneResult } from '../cli/engine.ts'
import type { EngineContext } from './engine-context.ts'
import { matches } from './prune.ts'

/**
 * Remove images that nobody needs, and content that no image has.
 *
 * @returns `deleted` in docker's words: `untagged: NAME`, `deleted: ID`
 */
export async function pruneUnusedImages(
  context: EngineContext,
  filter: PruneFilter,
  { all, buildCache }: PruneImagesOptions,
): Promise<PruneResult> {
  const store = await context.images()
  if (!store.exists()) return { deleted: [], reclaimedBytes: 0 }
  // What killed builds left may hold content back.
  await repairBuilds(context)
  if (buildCache) forgetBuildCache(store.database())
  const { untagged, deleted, freed } = await pruneImages(store, {
    inUse: () => imagesInUse(context.folders),
    all,
    isWanted: ({ config, added }) =>
      matches(config.created ?? new Date(added).toISOString(), config.labels, filter),
  })
  const caches = buildCache ? pruneCaches(context.folders.dataDir).freed : 0
  return {
    deleted: [
      ...untagged.map((name) => `untagged: ${name}`),
      ...deleted.map((id) => `deleted: ${id}`),
    ],
    reclaimedBytes: freed + caches,
  }
}

/** Forget what builds keep. @returns bytes given back */
export async function pruneBuildCache(context: EngineContext): Promise<number> {
  const store = await context.images()
  if (!store.exists()) return 0
  await repairBuilds(context)
  forgetBuildCache(store.database())
  const { freed } = await sweepContent(store)
  return freed + pruneCaches(context.folders.dataDir).freed
}

/** `--rmi`: take the name away, and the image where it was the last; not one that other containers have. */
export async function removeUnusedImage(context: EngineContext, reference: string): Promise<void> {
  const inUse = (): Set<string> => imagesInUse(context.folders)
  try {
    await removeImage(await context.images(), reference, { inUse, running: inUse })
  } catch (error) {
    if (!hasCode(error, 'BAD_STATE') && !hasCode(error, 'NOT_FOUND')) throw error
  }
}
