// Elastic tab stops, as Go's text/tabwriter has them: https://pkg.go.dev/text/tabwriter
// A cell is what a tab ends. Cells of adjacent lines that are at the same place make a column, which is as wide as the
// widest of them; a line without that cell ends the column.

/** @param padding columns between cells */
export function layOutTabs(text: string, padding = 2): string {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const widths = lines.map((): number[] => [])
  measure({ lines, widths, padding }, 0, lines.length, 0)
  return lines.map((cells, row) => layOutLine(cells, widths[row] ?? [])).join('\n')
}

interface Sheet {
  readonly lines: readonly (readonly string[])[]
  readonly widths: readonly number[][]
  readonly padding: number
}

function measure(sheet: Sheet, from: number, to: number, column: number): void {
  const { lines, widths, padding } = sheet
  const hasCell = (row: number): boolean => row < to && lines[row]!.length > column + 1
  for (let row = from; row < to; row++) {
    if (!hasCell(row)) continue
    const begin = row
    let width = 0
    for (; hasCell(row); row++) width = Math.max(width, length(lines[row]![column]!) + padding)
    for (let each = begin; each < row; each++) widths[each]!.push(width)
    measure(sheet, begin, row, column + 1)
  }
}

function layOutLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) =>
      index === cells.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - length(cell)),
    )
    .join('')
}

function length(text: string): number {
  return Array.from(text).length
}
