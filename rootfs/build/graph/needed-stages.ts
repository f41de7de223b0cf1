import { type Origin, type ResolvedStages, fromsOf, resolveFrom } from './resolve-stages.ts'

/** What each stage takes from others, itself excluded: its base first. */
export function stageOrigins(resolved: ResolvedStages): Origin[][] {
  return resolved.stages.map(({ stage, base }) => [
    base,
    ...stage.instructions.flatMap((instruction) =>
      fromsOf(instruction).map((from) =>
        resolveFrom(resolved.stages, stage.index, { source: instruction.source, from }),
      ),
    ),
  ])
}

/**
 * Indexes of the stages that the target needs, itself included, in order.
 *
 * @param others stages that are needed as well, because triggers of a base take files from them
 */
export function neededStages(resolved: ResolvedStages, others: Iterable<number> = []): number[] {
  const origins = stageOrigins(resolved)
  const needed = new Set([resolved.target, ...others])
  // Stages depend on earlier ones only: one pass from the last to the first is enough.
  for (let index = resolved.stages.length - 1; index >= 0; index--)
    if (needed.has(index))
      for (const origin of origins[index] ?? [])
        if (origin.kind === 'stage') needed.add(origin.index)
  return [...needed].toSorted((left, right) => left - right)
}
