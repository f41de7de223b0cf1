import { parseSignal, signalName } from '../../container/parse/signal.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import { eachContainer } from './each-container.ts'
import { selectedContainers, selectionFlags } from './selected-containers.ts'

/** `kill` */
export const killCommand: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Kill one or more running containers',
  flags: [
    ...selectionFlags(),
    flag('string', 'signal,s', 'Signal to send to the container', { default: 'KILL' }),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run(invocation) {
    const signal = signalName(parseSignal(invocation.flags.string('signal') ?? 'KILL'))
    const args = await selectedContainers(invocation, (status) => status === 'running')
    return eachContainer({ ...invocation, args }, (engine, container) =>
      engine.kill(container, signal),
    )
  },
}
