import { type Origin, type ResolvedStages, fromsOf, resolveFrom } from '../graph/resolve-stages.ts'
import { type ImageWish, type LoadedImage, imageKey } from './load-base.ts'

/** What these stages name, by key. */
export function namedImages(
  resolved: ResolvedStages,
  needed: readonly number[],
): Map<string, ImageWish> {
  const wishes = needed.flatMap((index) => wishesOf(resolved, index))
  return new Map(wishes.map((wish) => [imageKey(wish.reference, wish.platform), wish]))
}

/** Load those that are not there yet, side by side. */
export async function loadImages(
  wishes: ReadonlyMap<string, ImageWish>,
  images: Map<string, LoadedImage>,
  load: (wish: ImageWish) => Promise<LoadedImage>,
): Promise<void> {
  await Promise.all(
    [...wishes].map(async ([key, wish]) => {
      if (!images.has(key)) images.set(key, await load(wish))
    }),
  )
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
