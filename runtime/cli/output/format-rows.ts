import { parseTemplate } from '../template/parse-template.ts'
import { renderTemplate } from '../template/render-template.ts'
import { formatTable } from './table.ts'

/** A row's columns by the name that a template uses. */
export type Row = Readonly<Record<string, unknown>>

export interface RowsLayout {
  /** Value of --format; absent: the default table. */
  readonly format: string | undefined
  /** The template of the default table, without `table `. */
  readonly defaultTable: string
  /** Header by column name, where it is not the name in capitals. */
  readonly headers: Headers
}

/** Titles; of a column that takes an argument (`{{.Label "tier"}}`), what makes one from it. */
export type Headers = Readonly<Record<string, string | ((argument: unknown) => string)>>

/**
 * Print rows as docker does: `table TEMPLATE`, `json` (an object a line), or a template a line.
 * @throws {OperationError} INVALID_ARGUMENT for a malformed template or an unknown column
 */
export function formatRows(rows: readonly Row[], layout: RowsLayout): string {
  const { format = 'table' } = layout
  if (format === 'json') return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  const table = /^table(?:\s+(.*))?$/s.exec(format)
  if (!table) {
    const nodes = parseTemplate(unescape(format))
    return rows.map((row) => `${renderTemplate(nodes, row)}\n`).join('')
  }
  const template = unescape(table[1] ?? layout.defaultTable)
  const nodes = parseTemplate(template)
  const header = renderTemplate(nodes, headerRow(rows[0], layout.headers))
  const lines = [header, ...rows.map((row) => renderTemplate(nodes, row))]
  return formatTable(lines.map((line) => line.split('\t')))
}

/** `\t` and `\n` arrive as two characters from a shell's single quotes. */
function unescape(template: string): string {
  return template.replaceAll(/\\([tn])/g, (_, letter: string) => (letter === 't' ? '\t' : '\n'))
}

/** The header is the template filled with titles, so it always matches the columns. */
function headerRow(row: Row | undefined, headers: Headers): Row {
  const names = [...Object.keys(row ?? {}), ...Object.keys(headers)]
  return Object.fromEntries(names.map((name) => [name, headers[name] ?? name.toUpperCase()]))
}

/** A single value by --format: `json`, a template, or absent: indented JSON. */
export function formatDocument(value: unknown, format: string | undefined): string {
  if (format === undefined) return `${JSON.stringify(value, undefined, 4)}\n`
  if (format === 'json') return `${JSON.stringify(value)}\n`
  return `${renderTemplate(parseTemplate(unescape(format)), value)}\n`
}
