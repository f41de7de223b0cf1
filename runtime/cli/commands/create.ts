import { containerFlags, readContainerFlags } from '../container-flags/container-flags.ts'
import { openReadContext } from '../container-flags/read-context.ts'
import type { Command } from '../command.ts'

/** `create`: as run, up to the moment before the program is executed. */
export const createCommand: Command = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create a new container',
  flags: containerFlags(),
  minimumArguments: 1,
  interspersed: false,
  async run({ flags, args, io, engine }) {
    const options = readContainerFlags(flags, args, openReadContext(io))
    const { id } = await (await engine()).create(options, io)
    if (!options.dryRun) io.stdout.write(`${id}\n`)
    return 0
  },
}
