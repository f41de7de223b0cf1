import { OperationError } from '../../../native/error.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import type { PruneResult } from '../engine.ts'
import type { ParsedFlags } from '../parsed-flags.ts'
import {
  isConfirmed,
  printDeleted,
  printReclaimed,
  pruneFlags,
  readPruneFilter,
} from './prune-flags.ts'

/** `system prune` */
export const systemPruneCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Remove unused data',
  flags: [
    ...pruneFlags(),
    flag('bool', 'all,a', 'Remove all unused images not just dangling ones'),
    flag('bool', 'volumes', 'Prune anonymous volumes'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const filter = readPruneFilter(flags)
    const [all, volumes] = [flags.bool('all'), flags.bool('volumes')]
    if (volumes && filter.until !== undefined)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'prune volumes by their age',
        {},
        { hint: 'Leave --volumes out, or the filter "until"' },
      )
    // A filter speaks of what has labels and a time.
    const buildCache = !flags.has('filter')
    if (!(await isConfirmed(flags, io, question(flags, buildCache)))) return 0
    const opened = await engine()
    const results: [string, PruneResult][] = [
      ['Containers', await opened.pruneContainers(filter)],
      ['Networks', await opened.networkPrune(filter)],
    ]
    if (volumes) results.push(['Volumes', await opened.volumePrune(filter, { all: false })])
    results.push(['Images', await opened.pruneImages(filter, { all, buildCache })])
    for (const [what, result] of results) printDeleted(io, what, result)
    printReclaimed(
      io,
      results.map(([, result]) => result),
    )
    return 0
  },
}

function question(flags: ParsedFlags, buildCache: boolean): string {
  const parts = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(flags.bool('volumes') ? ['all anonymous volumes not used by at least one container'] : []),
    flags.bool('all')
      ? 'all images without at least one container associated to them'
      : 'all dangling images',
    ...(buildCache ? ['unused build cache'] : []),
  ]
  const filters = flags
    .list('filter')
    .map((text) => `\n\n  Items to be pruned will be filtered with:\n  - ${text}`)
  return `:\n${parts.map((part) => `  - ${part}`).join('\n')}${filters.join('')}\n`
}
