import { containerFlags, readContainerFlags } from '../container-flags/container-flags.ts'
import { openReadContext } from '../container-flags/read-context.ts'
import type { Command } from '../command.ts'

/** `run`: create, start, and stay with it unless --detach. */
export const runCommand: Command = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create and run a new container from an image (or, for an absolute path, from the host)',
  flags: containerFlags(),
  minimumArguments: 1,
  interspersed: false,
  async run({ flags, args, io, engine }) {
    const options = readContainerFlags(flags, args, openReadContext(io))
    const { id, exitCode } = await (await engine()).run(options, io)
    if (options.detach && !options.dryRun) io.stdout.write(`${id}\n`)
    return exitCode ?? 0
  },
}
