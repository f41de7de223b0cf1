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
  const edits = levenshtein(wanted.slice(0, 128), name.slice(0, 128))
  return name.startsWith(wanted) || wanted.startsWith(name) ? edits / 2 : edits
}

function levenshtein(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
