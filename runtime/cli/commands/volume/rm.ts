import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { eachContainer } from '../each-container.ts'

/** `volume rm` */
export const volumeRmCommand: Command = {
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  summary: 'Remove one or more volumes',
  flags: [flag('bool', 'force,f', 'Remove it even when it is used, or is not there')],
  minimumArguments: 1,
  interspersed: true,
  async run(invocation) {
    const force = invocation.flags.bool('force')
    return eachContainer(invocation, (engine, volume) => engine.volumeRemove(volume, { force }))
  },
}
