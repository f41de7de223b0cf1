import { editDistance } from '../../edit-distance.ts'

/** The name that a mistyped word most likely meant; undefined where none is near. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  // A third of the letters may be wrong.
  let limit = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const name of names) {
    if (Math.abs(word.length - name.length) > 8 || word.length > 64) continue
    const distance = editDistance(word.toLowerCase(), name.toLowerCase())
    if (distance >= limit) continue
    best = name
    limit = distance
  }
  return best
}
