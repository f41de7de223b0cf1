import type { Trace } from './collect-trace.ts'
import type { Span } from './span.ts'

/** A trace as a timeline for a terminal: a line a span, by when it began. */
export function formatTrace({ root, objects, spans }: Trace): string {
  const { namespace, name } = root.metadata
  const title = `${root.kind.toLowerCase()} ${namespace === undefined ? '' : `${namespace}/`}${name}`
  const [first] = spans
  if (!first) return `${title}: the server remembers nothing of it\n`
  const end = Math.max(...spans.map(({ startedAt, milliseconds }) => startedAt + milliseconds))
  const begun = new Date(first.startedAt).toISOString()
  const rows = spans.map((span) => [
    `+${time(span.startedAt - first.startedAt)}`,
    time(span.milliseconds),
    span.part,
    `${span.object.kind}/${span.object.name}`,
    describe(span),
  ])
  return [
    `${title}: ${count(objects.length, 'object')}, ${count(spans.length, 'step')} in ${time(end - first.startedAt).trim()} from ${begun} on`,
    '',
    ...table([['AT', 'TOOK', 'PART', 'OBJECT', 'WHAT'], ...rows]),
    '',
  ].join('\n')
}

function describe({ action, detail }: Span): string {
  const details = Object.entries(detail ?? {})
    // The action of a write has it already.
    .filter(([key, value]) => value !== '' && !(key === 'revision' && action.includes(value)))
    .map(([key, value]) => `${key}=${value}`)
  return details.length === 0 ? action : `${action}  (${details.join(', ')})`
}

/** Above that, fractions of milliseconds say nothing. */
const secondsFrom = 10_000

function time(milliseconds: number): string {
  return milliseconds >= secondsFrom
    ? `${(milliseconds / 1000).toFixed(1)} s`
    : `${milliseconds.toFixed(2)} ms`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** The first two columns are numbers. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
