/** Spaces between columns, as docker has them. */
const gap = 3

/**
 * Lay rows out in columns.
 * @param rows the header first; every row equally long
 * @returns lines, each with its newline; the last column is not padded
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ''))),
  )
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === row.length - 1
          ? cell
          : cell + ' '.repeat((widths[column] ?? 0) - width(cell) + gap),
      )
      return `${cells.join('')}\n`
    })
    .join('')
}

/** Code points; good enough for names and commands, and free of a table of widths. */
function width(text: string): number {
  return Array.from(text).length
}
