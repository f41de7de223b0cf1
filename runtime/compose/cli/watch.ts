import { flag } from '../../cli/flag-spec.ts'
import { bringUp, requireServices } from '../act/bring-up.ts'
import { watchProject } from '../act/watch-project.ts'
import type { ComposeCommand } from './compose-command.ts'
import { upOptions } from './up.ts'

export const watchCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Watch build context for service and rebuild/refresh containers when files are updated',
  flags: [
    flag('bool', 'no-up', 'Do not build & start services before watching'),
    flag('bool', 'quiet', 'hide build output'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, session: open }) {
    const session = await open(args)
    requireServices(session, args)
    if (!flags.bool('no-up')) await bringUp(session, upOptions(flags, args))
    await watchProject(session, args)
    return 0
  },
}
