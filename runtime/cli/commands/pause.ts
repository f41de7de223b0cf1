import type { Command } from '../command.ts'
import { eachContainer } from './each-container.ts'
import { selectedContainers, selectionFlags } from './selected-containers.ts'

/** `pause` */
export const pauseCommand: Command = {
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Pause all processes within one or more containers',
  flags: selectionFlags(),
  minimumArguments: 0,
  interspersed: true,
  async run(invocation) {
    const args = await selectedContainers(invocation, (status) => status === 'running')
    return eachContainer({ ...invocation, args }, (engine, container) => engine.pause(container))
  },
}
