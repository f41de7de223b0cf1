import { editDistance } from '../../rootfs/edit-distance.ts'

/**
 * The word that `word` was most likely meant to be.
 * @returns undefined when none is near: at most a third of the letters may differ
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = candidate.startsWith(word) ? 1 : editDistance(word, candidate)
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}
