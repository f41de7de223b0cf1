import { OperationError } from '../../../native/error.ts'
import { flag } from '../../cli/flag-spec.ts'
import { takeDown } from '../act/take-down.ts'
import type { ComposeCommand } from './compose-command.ts'

export const downCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Stop and remove containers, networks',
  flags: [
    flag('bool', 'remove-orphans', 'Remove containers for services not in the Compose file'),
    flag('string', 'rmi', 'Remove images used by services ("local"|"all")'),
    flag('int', 'timeout,t', 'Timeout in seconds for container shutdown'),
    flag('bool', 'volumes,v', 'Remove named volumes of the project and anonymous volumes'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, sessionOrRemains }) {
    const images = flags.string('rmi')
    if (images !== undefined && images !== 'local' && images !== 'all')
      throw new OperationError(
        'INVALID_ARGUMENT',
        `invalid value for --rmi: ${JSON.stringify(images)}`,
        {},
        { exitCode: 1, hint: 'It is local or all' },
      )
    await takeDown(await sessionOrRemains(), {
      services: args,
      removeOrphans: flags.bool('remove-orphans'),
      volumes: flags.bool('volumes'),
      images,
      stopTimeout: flags.number('timeout'),
    })
    return 0
  },
}
