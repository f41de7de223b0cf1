import type { Command } from '../../command.ts'
import { isConfirmed, pruneFlags, readPruneFilter } from '../prune-flags.ts'

/** `network prune` */
export const networkPruneCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Remove all unused networks',
  flags: pruneFlags(),
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const filter = readPruneFilter(flags)
    if (!(await isConfirmed(flags, io, 'all custom networks not used by a container'))) return 0
    const { deleted } = await (await engine()).networkPrune(filter)
    if (deleted.length > 0) io.stdout.write(`Deleted Networks:\n${deleted.join('\n')}\n\n`)
    return 0
  },
}
