import type { Command } from '../command.ts'
import { eachContainer } from './each-container.ts'
import { selectedContainers, selectionFlags } from './selected-containers.ts'
import { readStopFlags, stopFlags } from './stop-flags.ts'

/** `restart` */
export const restartCommand: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Restart one or more containers',
  flags: [...selectionFlags(), ...stopFlags()],
  minimumArguments: 0,
  interspersed: true,
  async run(invocation) {
    const { io } = invocation
    const options = {
      ...readStopFlags(invocation.flags),
      warn: (text: string) => void io.stderr.write(`mycontainer: ${text}\n`),
    }
    const args = await selectedContainers(invocation, (status) => status === 'running')
    return eachContainer({ ...invocation, args }, (engine, container) =>
      engine.restart(container, options),
    )
  },
}
