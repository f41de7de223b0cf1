import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { eachContainer } from '../each-container.ts'

/** `network rm` */
export const networkRmCommand: Command = {
  usage: 'NETWORK [NETWORK...]',
  summary: 'Remove one or more networks',
  flags: [flag('bool', 'force,f', 'Remove the containers that use it too')],
  minimumArguments: 1,
  interspersed: true,
  async run(invocation) {
    const force = invocation.flags.bool('force')
    return eachContainer(invocation, (engine, network) => engine.networkRemove(network, { force }))
  },
}
