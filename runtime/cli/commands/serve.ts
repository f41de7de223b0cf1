import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'

/** `serve` */
export const serveCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Keep an engine warm that the commands use while it is there',
  flags: [flag('string', 'socket', 'Path of the Unix socket to listen on')],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    await (await engine()).serve({ socket: flags.string('socket') }, io)
    return 0
  },
}
