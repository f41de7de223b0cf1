import { alignColumns } from '../columns.ts'
import { familiarName, parseReference } from '../reference.ts'

/** "3 minutes ago", as docker prints it. */
export function humanAge(then: number, now = Date.now()): string {
  const seconds = Math.max(0, Math.floor((now - then) / 1000))
  const steps: [limit: number, unit: number, name: string][] = [
    [60, 1, 'second'],
    [3600, 60, 'minute'],
    [2 * 86_400, 3600, 'hour'],
    [14 * 86_400, 86_400, 'day'],
    [60 * 86_400, 7 * 86_400, 'week'],
    [730 * 86_400, 30 * 86_400, 'month'],
    [Number.POSITIVE_INFINITY, 365 * 86_400, 'year'],
  ]
  const [, unit = 1, name = 'second'] = steps.find(([limit]) => seconds < limit) ?? []
  const count = Math.floor(seconds / unit)
  return `${count} ${name}${count === 1 ? '' : 's'} ago`
}

/** First twelve digits of an id. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}

/** Repository and tag columns of a reference. */
export function displayReference(reference: string): { repository: string; tag: string } {
  const parsed = parseReference(reference)
  return { repository: familiarName(parsed), tag: parsed.tag ?? '<none>' }
}

/** Rows in columns, without spaces at the ends of lines. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  return alignColumns(rows).map((line) => line.trimEnd())
}

/** Fill a template such as "{{.Repository}}:{{.Tag}}"; "json" gives the row as JSON. */
export function formatTemplate(template: string, row: Readonly<Record<string, string>>): string {
  if (template === 'json' || template === '{{json .}}') return JSON.stringify(row)
  return template
    .replaceAll('\\t', '\t')
    .replaceAll(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name: string) =>
      Object.hasOwn(row, name) ? (row[name] ?? '') : `<no field ${name}>`,
    )
}

/** "table {{.ID}}\t{{.Tag}}": a heading made of the names of the fields, and aligned columns. */
export function tableTemplate(
  template: string,
  rows: readonly Readonly<Record<string, string>>[],
  hasHeading = true,
): string[] {
  const columns = template.slice('table '.length)
  const heading = columns
    .replaceAll('\\t', '\t')
    .replaceAll(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name: string) =>
      name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toUpperCase(),
    )
  const lines = rows.map((row) => formatTemplate(columns, row))
  return formatTable([...(hasHeading ? [heading] : []), ...lines].map((line) => line.split('\t')))
}
