import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { isConfirmed, printPruned, pruneFlags, readPruneFilter } from '../prune-flags.ts'

/** `volume prune` */
export const volumePruneCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Remove unused local volumes',
  flags: [
    ...pruneFlags(),
    flag('bool', 'all,a', 'Remove all unused volumes, not just anonymous ones'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const filter = readPruneFilter(flags)
    const all = flags.bool('all')
    const question = `${all ? 'all' : 'anonymous'} local volumes not used by at least one container`
    if (!(await isConfirmed(flags, io, question))) return 0
    printPruned(io, 'Volumes', await (await engine()).volumePrune(filter, { all }))
    return 0
  },
}
