import type { Decision, NodeDecision } from './decision.ts'

const shownNodes = 20

/** A decision as text for a terminal: what came of it, why, and what would help. */
export function formatDecision(decision: Decision): string {
  return [
    headline(decision),
    ...describePreemption(decision),
    '',
    ...describeScores(decision),
    ...describeRejected(decision),
    ...describeChanges(decision),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n')
}

function headline(decision: Decision): string {
  const { namespace, name, outcome, node, nodesTotal, nodesLookedAt } = decision
  const who = `pod ${namespace}/${name}`
  const how = `attempt ${decision.attempt}, ${decision.milliseconds} ms, ${decision.at}`
  if (outcome === 'SchedulingGated') return `${who} is not tried yet: ${decision.message}`
  const seen = `${nodesLookedAt} of ${nodesTotal} nodes looked at`
  if (outcome === 'Scheduled') return `${who} → node ${node} (${seen}; ${how})`
  return `${who} has no node (${seen}; ${how})\n${decision.message}`
}

function describePreemption({ preemption }: Decision): string[] {
  if (!preemption) return []
  return [`Room is made on node ${preemption.node} by ending ${preemption.victims.join(', ')}.`]
}

function describeScores({ nodes, scorers, node: chosen }: Decision): string[] {
  const scored = nodes.filter(({ scores }) => scores !== undefined)
  if (scored.length === 0) return []
  const head = [
    'NODE',
    ...scorers.map(({ plugin, weight }) => (weight === 1 ? plugin : `${plugin}×${weight}`)),
    'TOTAL',
  ]
  const rows = scored
    .slice(0, shownNodes)
    .map(({ node, scores = [], total }) => [
      node === chosen ? `* ${node}` : `  ${node}`,
      ...scores.map(String),
      String(total),
    ])
  return [...table([head, ...rows]), ...more(scored.length), '']
}

function describeRejected({ nodes }: Decision): string[] {
  const rejected = nodes.filter(({ rejectedBy }) => rejectedBy !== undefined)
  if (rejected.length === 0) return []
  const rows = rejected
    .slice(0, shownNodes)
    .map(({ node, rejectedBy }: NodeDecision) => [
      `  ${node}`,
      rejectedBy!.plugin,
      rejectedBy!.reasons.join(', '),
    ])
  return [...table([['NODE', 'REJECTED BY', 'REASON'], ...rows]), ...more(rejected.length), '']
}

function more(count: number): string[] {
  return count > shownNodes ? [`  … and ${count - shownNodes} more`] : []
}

function describeChanges({ changes }: Decision): string[] {
  if (changes.length === 0) return []
  const [first, ...others] = changes.map(({ changes: parts }) => parts.join('; and '))
  return [`It would fit: ${first}`, ...others.map((text) => `          or: ${text}`)]
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
