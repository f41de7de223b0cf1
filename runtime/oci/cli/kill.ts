import { flag } from '../../cli/flag-spec.ts'
import { signalContainer } from '../signal-container.ts'
import type { OciCommand } from './oci-command.ts'

/** `kill` */
export const killCommand: OciCommand = {
  usage: '[--all] CONTAINER [SIGNAL]',
  summary: 'Send a signal to a container (default: SIGTERM)',
  flags: [flag('bool', 'all,a', 'To all of its processes')],
  minimumArguments: 1,
  maximumArguments: 2,
  async run({ args: [id = '', signal = 'TERM'], flags, globals }) {
    signalContainer(globals.root, id, signal, flags.bool('all'))
    return 0
  },
}
