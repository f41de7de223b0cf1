import { hasCode } from '../../../native/error.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import { eachContainer } from './each-container.ts'
import { selectedContainers, selectionFlags } from './selected-containers.ts'
import { readStopFlags, stopFlags } from './stop-flags.ts'

/** `stop` */
export const stopCommand: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Stop one or more running containers',
  flags: [
    ...selectionFlags(),
    flag('bool', 'ignore,i', 'Do not complain about containers that do not exist'),
    ...stopFlags(),
    flag('bool', 'until-boot', 'Let restart policies start it at the next boot of the machine'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run(invocation) {
    const { io } = invocation
    const options = {
      ...(invocation.flags.bool('until-boot') ? { untilBoot: true } : {}),
      ...readStopFlags(invocation.flags),
      warn: (text: string) => void io.stderr.write(`mycontainer: ${text}\n`),
    }
    const args = await selectedContainers(
      invocation,
      (status) => status === 'running' || status === 'restarting',
    )
    return eachContainer({ ...invocation, args, together: true }, async (engine, container) => {
      try {
        await engine.stop(container, options)
        return container
      } catch (error) {
        if (!invocation.flags.bool('ignore') || !hasCode(error, 'NOT_FOUND')) throw error
        return ''
      }
    })
  },
}
