const gap = '   '

/**
 * Lay rows out in columns, three spaces between, as docker has them.
 *
 * @param rows the header first
 * @returns a line each; the last cell of a row is not filled up
 */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, width(cell))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
      )
      .join(gap),
  )
}

/** Code points; good enough for names and commands, and free of a table of widths. */
function width(text: string): number {
  return Array.from(text).length
}
