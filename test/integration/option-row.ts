import type { Test } from 'tap'
import type { CommandBench } from './command-line.ts'

/** One `run --rm` and what a user sees of it. */
export interface OptionRow {
  readonly title: string
  /** Flags of `run`. */
  readonly flags: readonly string[]
  /** Line for the container's shell. */
  readonly shell: string
  /** What it prints, without blanks at both ends. */
  readonly prints: string | RegExp
  /** Absent: 0. */
  readonly exitCode?: number
  /** Absent: without a network, which is quicker. */
  readonly network?: boolean
}

/** Run every row in a container of the host image. */
export async function testRows(
  t: Test,
  bench: CommandBench,
  rows: readonly OptionRow[],
): Promise<void> {
  for (const { title, flags, shell, prints, exitCode = 0, network = false } of rows) {
    const quick = network ? [] : ['--network', 'none']
    const result = await bench.run('run', '--rm', ...quick, ...flags, 'host', 'sh', '-c', shell)
    const printed = result.stdout.trim()
    const isAsWanted = typeof prints === 'string' ? printed === prints : prints.test(printed)
    t.ok(isAsWanted && result.exitCode === exitCode, title, {
      found: result,
      wanted: { prints: String(prints), exitCode },
    })
  }
}
