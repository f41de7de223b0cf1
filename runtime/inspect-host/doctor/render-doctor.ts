import { alignColumns } from '../render-namespaces.ts'
import type { DoctorReport } from './finding.ts'

/**
 * A report as text: a line `LEVEL NAME MEANING` for each finding, its remedy below it, and the
 * verdict. `json` is the report itself. Ends without a newline.
 */
export function renderDoctor(report: DoctorReport, format: 'text' | 'json' = 'text'): string {
  if (format === 'json') return JSON.stringify(report, undefined, 2)
  const { findings, canRun } = report
  const table = alignColumns(findings.map(({ level, name, meaning }) => [level, name, meaning]))
  const indent = ' '.repeat('missing  '.length)
  const lines: string[] = []
  let group = ''
  for (const [index, finding] of findings.entries()) {
    if (finding.group !== group) lines.push(...(group === '' ? [] : ['']), finding.group)
    group = finding.group
    lines.push(table[index] ?? '')
    if (finding.fix !== undefined) lines.push(`${indent}fix: ${finding.fix}`)
  }
  const count = (level: string): number => findings.filter((one) => one.level === level).length
  const verdict = canRun ? 'Containers can run here' : 'Containers cannot run here'
  lines.push(
    '',
    `${verdict}: ${count('ok')} ok, ${count('warn')} warn, ${count('missing')} missing.`,
  )
  return lines.join('\n')
}
