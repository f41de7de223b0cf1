import { containerFlags } from '../container-flags/container-flags.ts'
import { wantedContainer } from '../container-flags/wanted-container.ts'
import type { Command } from '../command.ts'

/** `run`: create, start, and stay with it unless --detach. */
export const runCommand: Command = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create and run a new container from an image (or, for an absolute path, from the host)',
  flags: containerFlags(),
  minimumArguments: 1,
  interspersed: false,
  async run(invocation) {
    const { io } = invocation
    const { opened, options } = await wantedContainer(invocation)
    const { id, exitCode } = await opened.run(options, io)
    if (options.detach && !options.dryRun) io.stdout.write(`${id}\n`)
    return exitCode ?? 0
  },
}
