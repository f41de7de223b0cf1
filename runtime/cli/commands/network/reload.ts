import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { eachContainer } from '../each-container.ts'
import { selectedContainers } from '../selected-containers.ts'

/** `network reload` */
export const networkReloadCommand: Command = {
  usage: '[OPTIONS] [CONTAINER...]',
  summary: 'Put back what others took from the networks of running containers',
  flags: [
    flag('bool', 'all,a', 'Of all running containers'),
    flag('bool', 'latest,l', 'Of the latest created container'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run(invocation) {
    const args = await selectedContainers(invocation, (status) => status === 'running')
    return eachContainer({ ...invocation, args }, (engine, one) => engine.networkReload(one))
  },
}
