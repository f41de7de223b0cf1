import { containerFlags } from '../container-flags/container-flags.ts'
import { wantedContainer } from '../container-flags/wanted-container.ts'
import type { Command } from '../command.ts'

/** `create`: as run, up to the moment before the program is executed. */
export const createCommand: Command = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create a new container',
  flags: containerFlags(),
  minimumArguments: 1,
  interspersed: false,
  async run(invocation) {
    const { io } = invocation
    const { opened, options } = await wantedContainer(invocation)
    const { id } = await opened.create(options, io)
    if (!options.dryRun) io.stdout.write(`${id}\n`)
    return 0
  },
}
