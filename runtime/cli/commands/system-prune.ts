import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import type { PruneResult } from '../engine.ts'
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
    flag('bool', 'all,a', 'With --volumes, remove named volumes too'),
    flag('bool', 'volumes', 'Prune volumes'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const filter = readPruneFilter(flags)
    const volumes = flags.bool('volumes') ? ' and unused volumes' : ''
    const question = `all stopped containers, all networks not used by a container${volumes}`
    if (!(await isConfirmed(flags, io, question))) return 0
    const opened = await engine()
    const results: [string, PruneResult][] = [
      ['Containers', await opened.pruneContainers(filter)],
      ['Networks', await opened.networkPrune(filter)],
    ]
    if (flags.bool('volumes'))
      results.push(['Volumes', await opened.volumePrune(filter, { all: flags.bool('all') })])
    for (const [what, result] of results) printDeleted(io, what, result)
    printReclaimed(
      io,
      results.map(([, result]) => result),
    )
    return 0
  },
}
