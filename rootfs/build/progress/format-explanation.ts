import type { ExplainedStep } from '../execute/build-request.ts'

/** `build --explain`: stages with their steps, key, hit or miss, and the reason of every miss. */
export function formatExplanation(steps: readonly ExplainedStep[]): string[] {
  const lines: string[] = []
  let stage: string | undefined
  for (const step of steps) {
    if (step.stage !== stage) lines.push(`${stage === undefined ? '' : '\n'}stage ${step.stage}`)
    stage = step.stage
    const key = step.key?.slice('sha256:'.length, 'sha256:'.length + 12) ?? ''
    const state = step.state === 'configuration' ? 'config' : step.state
    const text = step.instruction.replaceAll(/\s+/g, ' ')
    lines.push(`  ${String(step.line).padStart(4)}  ${state.padEnd(6)}  ${key.padEnd(12)}  ${text}`)
    if (step.reason)
      lines.push(`        ${' '.repeat(6)}  ${' '.repeat(12)}  because ${step.reason.text}`)
  }
  return lines.flatMap((line) => line.split('\n'))
}
