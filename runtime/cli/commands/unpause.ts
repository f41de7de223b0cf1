import type { Command } from '../command.ts'
import { eachContainer } from './each-container.ts'
import { selectedContainers, selectionFlags } from './selected-containers.ts'

/** `unpause` */
export const unpauseCommand: Command = {
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Unpause all processes within one or more containers',
  flags: selectionFlags(),
  minimumArguments: 0,
  interspersed: true,
  async run(invocation) {
    const args = await selectedContainers(invocation, (status) => status === 'paused')
    return eachContainer({ ...invocation, args }, (engine, container) => engine.unpause(container))
  },
}
