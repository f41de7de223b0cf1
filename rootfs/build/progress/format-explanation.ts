import type { ExplainedStage, ExplainedStep } from '../execute/build-request.ts'

const keyDigits = 12

/** `build --explain`: stages with what they need, their steps, keys, hits, and the reason of every miss. */
export function formatExplanation(stages: readonly ExplainedStage[]): string[] {
  return stages.flatMap(({ stage, base, uses, steps }, at) => {
    const needs = uses.length === 0 ? '' : `, with files of ${uses.join(', ')}`
    const head = `stage ${stage}, on ${base}${needs}`
    return [...(at === 0 ? [] : ['']), head, ...steps.flatMap(formatStep)]
  })
}

function formatStep({ line, state, key = '', instruction, reason }: ExplainedStep): string[] {
  const columns = [
    String(line).padStart(6),
    (state === 'configuration' ? 'config' : state).padEnd(6),
    key.replace('sha256:', '').slice(0, keyDigits).padEnd(keyDigits),
  ].join('  ')
  const row = `${columns}  ${instruction.replaceAll(/\s+/g, ' ')}`
  return reason ? [row, `${' '.repeat(columns.length)}  because ${reason.text}`] : [row]
}
