import { flag } from '../../cli/flag-spec.ts'
import { deleteContainer } from '../delete-container.ts'
import type { OciCommand } from './oci-command.ts'

/** `delete` */
export const deleteCommand: OciCommand = {
  usage: '[--force] CONTAINER',
  summary: 'Take away what is left of a container',
  flags: [flag('bool', 'force,f', 'End it before; it may also be gone already')],
  minimumArguments: 1,
  maximumArguments: 1,
  async run({ args: [id = ''], flags, globals, log }) {
    await deleteContainer(globals.root, id, {
      force: flags.bool('force'),
      warn: (message) => log.write('warning', message),
    })
    return 0
  },
}
