// Tables as kubectl's tabwriter lays them out: at least six columns a cell, three between them, the last cell as it is.

const minimalWidth = 6
const gap = 3

export interface TextTable {
  /** Lay rows out; columns are never narrower than they were before. @returns lines, each with its line feed */
  format(rows: readonly (readonly string[])[]): string
}

/** @param padding columns between cells */
export function makeTextTable(padding = gap, least = minimalWidth): TextTable {
  const widths: number[] = []
  return {
    format: (rows) => {
      for (const row of rows)
        for (const [index, cell] of row.slice(0, -1).entries())
          widths[index] = Math.max(widths[index] ?? least, width(cell) + padding)
      return rows.map((row) => `${formatRow(row, widths)}\n`).join('')
    },
  }
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, index) =>
      index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - width(cell)),
    )
    .join('')
}

function width(text: string): number {
  return Array.from(text).length
}
