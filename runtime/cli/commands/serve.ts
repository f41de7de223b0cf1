import { OperationError } from '../../../native/error.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'

/** `serve` */
export const serveCommand: Command = {
  usage: '[OPTIONS] [SOCKET]',
  summary: 'Keep an engine warm that the commands use while it is there',
  flags: [
    flag('bool', 'docker', "Speak the Docker Engine API, for docker's clients"),
    flag(
      'string',
      'group,G',
      'Group whose members may connect too, with --docker: they become root',
      {
        value: 'group',
      },
    ),
    flag('string', 'socket', 'Path of the Unix socket to listen on'),
  ],
  minimumArguments: 0,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args: [path], io, engine }) {
    const docker = flags.bool('docker')
    if (path !== undefined && !docker)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'serve on a socket',
        { path },
        { hint: 'Write --socket PATH, or --docker PATH for the Docker API' },
      )
    const group = flags.string('group')
    if (group !== undefined && !docker)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'serve for a group',
        { group },
        { hint: 'Only the socket of --docker can be a group’s' },
      )
    await (await engine()).serve({ socket: path ?? flags.string('socket'), docker, group }, io)
    return 0
  },
}
