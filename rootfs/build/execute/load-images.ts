import type { Lease } from '../../store/lease.ts'
import { type Origin, type ResolvedStages, fromsOf, resolveFrom } from '../graph/resolve-stages.ts'
import type { BuildRequest, BuildTools } from './build-request.ts'
import { type ImageWish, type LoadedImage, imageKey, loadImageFor } from './load-base.ts'

/** All images that these stages name, side by side. */
export async function loadImages(
  lease: Lease,
  { resolved, needed }: { resolved: ResolvedStages; needed: readonly number[] },
  request: BuildRequest,
  tools: BuildTools,
): Promise<Map<string, LoadedImage>> {
  const wishes = new Map<string, ImageWish>()
  for (const index of needed)
    for (const wish of wishesOf(resolved, index))
      wishes.set(imageKey(wish.reference, wish.platform), wish)
  const loaded = await Promise.all(
    [...wishes].map(async ([key, wish]): Promise<[string, LoadedImage]> => [
      key,
      await loadImageFor(lease, wish, request, tools),
    ]),
  )
  return new Map(loaded)
}

function wishesOf(resolved: ResolvedStages, index: number): ImageWish[] {
  const stage = resolved.stages[index]
  if (!stage) return []
  const { from, instructions } = stage.stage
  const wish = (origin: Origin, source: ImageWish['source']): ImageWish[] =>
    origin.kind === 'image'
      ? [{ reference: origin.reference, platform: origin.platform, source }]
      : []
  return [
    ...wish(stage.base, from.source),
    ...instructions.flatMap(({ source }, at) => {
      const instruction = instructions[at]
      const froms = instruction ? fromsOf(instruction) : []
      return froms.flatMap((use) =>
        wish(resolveFrom(resolved.stages, index, { source, from: use }), source),
      )
    }),
  ]
}
