import { type Measured, quantile } from './samples.ts'

export interface TableWish {
  readonly title: string
  readonly unit: 'ms' | '/s' | 'KB'
  /** For rates more is better: the ratio is ours to theirs, else theirs to ours. */
  readonly isRate?: boolean | undefined
  readonly notes?: readonly string[] | undefined
}

/** One table: a line per row with a ratio to each of ours (above 1: ours is better), then the commands. */
export function printTable(wish: TableWish, measured: readonly Measured[]): void {
  const ours = measured.filter(({ row, problem }) => row.isOurs && !problem)
  const header = ['', 'median', 'p10', 'p90', 'n', ...ours.map((_, index) => `/ ${letter(index)}`)]
  const lines = measured.map((each) => lineOf(each, ours, wish.isRate ?? false))
  const table = [header, ...lines]
  const widths = header.map((_, column) =>
    Math.max(...table.map((line) => (line[column] ?? '').length)),
  )
  print(`\n## ${wish.title} (${wish.unit})`)
  for (const line of table)
    print(line.map((cell, column) => pad(cell, widths[column] ?? 0, column === 0)).join('  '))
  for (const { row } of measured) print(`   ${row.title}: ${shorten(row.command)}`)
  for (const note of wish.notes ?? []) print(`   ${note}`)
}

function lineOf(each: Measured, ours: readonly Measured[], isRate: boolean): string[] {
  const index = ours.indexOf(each)
  const title = index < 0 ? `  ${each.row.title}` : `${letter(index)} ${each.row.title}`
  if (each.problem !== undefined) return [title, `failed: ${lastLine(each.problem)}`]
  const median = quantile(each.sorted, 0.5)
  const ratios = ours.map(({ sorted }) => {
    const own = quantile(sorted, 0.5)
    return `${(isRate ? own / median : median / own).toFixed(2)}×`
  })
  const figures = [0.5, 0.1, 0.9].map((part) => figure(quantile(each.sorted, part)))
  return [title, ...figures, String(each.sorted.length), ...ratios]
}

function figure(value: number): string {
  if (value >= 1000) return value.toFixed(0)
  return value.toFixed(value >= 100 ? 1 : 2)
}

function letter(index: number): string {
  return String.fromCodePoint('A'.codePointAt(0)! + index)
}

/** The temporary folder of this run says nothing to the reader. */
function shorten(command: string): string {
  return command.replaceAll(/\/[\w./-]*mycontainer-bench-\w+/g, '$DIR')
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 120) ?? ''
}

function pad(text: string, width: number, isLeft: boolean): string {
  return isLeft ? text.padEnd(width) : text.padStart(width)
}

function print(line: string): void {
  process.stdout.write(`${line.trimEnd()}\n`)
}
