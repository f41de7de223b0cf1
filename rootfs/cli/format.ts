import { familiarName, parseReference } from '../reference.ts'

/** Size as docker prints it: decimal units, three significant digits. */
export function humanSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`
}

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

/** Rows in columns as wide as their widest cell, three spaces between. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('   ')
      .trimEnd(),
  )
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
