import { parseTimestamp } from '../../container/parse/timestamp.ts'
import type { CommandIo } from '../command-io.ts'
import type { PruneFilter, PruneResult } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import { parseFilters } from '../output/filter-containers.ts'
import { humanSize } from '../../../rootfs/human-size.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

/** Flags of the prune commands. */
export function pruneFlags(): FlagSpec[] {
  return [
    flag('list', 'filter', 'Provide filter values (e.g. "until=<timestamp>")', { value: 'filter' }),
    flag('bool', 'force,f', 'Do not prompt for confirmation'),
  ]
}

/** @throws {OperationError} INVALID_ARGUMENT for an unknown filter */
export function readPruneFilter(flags: ParsedFlags): PruneFilter {
  const filters = parseFilters(flags.list('filter'), ['until', 'label', 'label!'])
  const values = (name: string) =>
    filters.filter((filter) => filter.name === name).map(({ value }) => value)
  const [until] = values('until')
  return {
    ...(until === undefined ? {} : { until: parseTimestamp(until, Date.now()) }),
    labels: values('label'),
    notLabels: values('label!'),
  }
}

/**
 * Ask before removing, where a person can answer; without a terminal --force is needed.
 * @param question what will be removed, or a colon and a list of it
 */
export async function isConfirmed(
  flags: ParsedFlags,
  io: CommandIo,
  question: string,
): Promise<boolean> {
  if (flags.bool('force')) return true
  const end = question.endsWith('\n') ? '\n' : '.\n'
  const gap = question.startsWith(':') ? '' : ' '
  io.stdout.write(
    `WARNING! This will remove${gap}${question}${end}Are you sure you want to continue? [y/N] `,
  )
  const decoder = new TextDecoder()
  let answer = ''
  for await (const chunk of io.stdin) {
    answer += decoder.decode(chunk, { stream: true })
    if (answer.includes('\n')) break
  }
  return /^\s*y/i.test(answer)
}

/** Print what a prune did, as docker does. */
export function printPruned(io: CommandIo, what: string, result: PruneResult): void {
  printDeleted(io, what, result)
  printReclaimed(io, [result])
}

export function printDeleted(io: CommandIo, what: string, { deleted }: PruneResult): void {
  if (deleted.length > 0) io.stdout.write(`Deleted ${what}:\n${deleted.join('\n')}\n\n`)
}

/** The last line: one sum of all that was pruned. */
export function printReclaimed(io: CommandIo, results: readonly PruneResult[]): void {
  const bytes = results.reduce((sum, { reclaimedBytes }) => sum + reclaimedBytes, 0)
  io.stdout.write(`Total reclaimed space: ${humanSize(bytes)}\n`)
}
