import type { Command } from '../command.ts'
import { isConfirmed, printPruned, pruneFlags, readPruneFilter } from './prune-flags.ts'

/** `prune`, also `container prune` */
export const pruneCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Remove all stopped containers',
  flags: pruneFlags(),
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const filter = readPruneFilter(flags)
    if (!(await isConfirmed(flags, io, 'all stopped containers'))) return 0
    printPruned(io, 'Containers', await (await engine()).pruneContainers(filter))
    return 0
  },
}
