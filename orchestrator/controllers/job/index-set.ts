// Sets of completion indexes as the status writes them: `1,3-5`; two neighbours are `1,2`.

/** Whoever writes a status can write more than memory holds. */
const mostIndexes = 1_000_000

/** @returns the indexes of the text that are below `count` */
export function parseIndexes(text: string | undefined, count: number): Set<number> {
  const indexes = new Set<number>()
  let left = mostIndexes
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (!match) continue
    const last = Math.min(Number(match[2] ?? match[1]), count - 1)
    for (let index = Number(match[1]); index <= last && left-- > 0; index++) indexes.add(index)
  }
  return indexes
}

export function formatIndexes(indexes: Iterable<number>): string {
  const ranges: [number, number][] = []
  for (const index of [...indexes].toSorted((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && index === last[1] + 1) last[1] = index
    else ranges.push([index, index])
  }
  return ranges
    .map(([from, to]) => (from === to ? `${from}` : `${from}${to === from + 1 ? ',' : '-'}${to}`))
    .join(',')
}
