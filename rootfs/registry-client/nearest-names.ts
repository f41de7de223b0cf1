import { editDistance } from '../edit-distance.ts'

/**
 * Names most like the wanted one, best first: for "did you mean".
 *
 * @param count at most so many; fewer where the others are nothing like it
 */
export function nearestNames(wanted: string, names: readonly string[], count: number): string[] {
  const ranked = names.map((name) => ({ name, distance: distance(wanted, name) }))
  return ranked
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ name }) => name)
}

/** Edits between two words; one that begins with the other counts half. */
function distance(wanted: string, name: string): number {
  const edits = editDistance(wanted.slice(0, 128), name.slice(0, 128))
  return name.startsWith(wanted) || wanted.startsWith(name) ? edits / 2 : edits
}
