import type { Command } from 'commander'
import { CommandFailure } from './session.ts'

/** Whether a change is made, gone through by the server without being kept, or not even asked for. */
export type DryRun = 'none' | 'server' | 'client'

export function addDryRunFlag(command: Command): Command {
  return command.option(
    '--dry-run [how]',
    'client: only say what would be done; server: go through everything and keep nothing',
  )
}

/** @throws CommandFailure for another word */
export function readDryRun(flag: string | boolean | undefined): DryRun {
  if (flag === undefined || flag === 'none' || flag === false) return 'none'
  if (flag === 'server' || flag === 'client') return flag
  // As kubectl once understood it.
  if (flag === true || flag === 'unchanged') return 'client'
  throw new CommandFailure(
    `Invalid dry-run value (${flag}). Must be "none", "server", or "client".`,
  )
}

/** What is said behind what was done. */
export function dryRunSuffix(dryRun: DryRun): string {
  return { none: '', server: ' (server dry run)', client: ' (dry run)' }[dryRun]
}

/** For the query of a request. */
export function dryRunQuery(dryRun: DryRun): Record<string, string> {
  return dryRun === 'server' ? { dryRun: 'All' } : {}
}
