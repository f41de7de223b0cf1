import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'

/** `network disconnect` */
export const networkDisconnectCommand: Command = {
  usage: '[OPTIONS] NETWORK CONTAINER',
  summary: 'Disconnect a container from a network',
  flags: [flag('bool', 'force,f', 'Force the container to disconnect from a network')],
  minimumArguments: 2,
  maximumArguments: 2,
  interspersed: true,
  async run({ flags, args, engine }) {
    const [network = '', container = ''] = args
    await (await engine()).networkDisconnect(network, container, { force: flags.bool('force') })
    return 0
  },
}
