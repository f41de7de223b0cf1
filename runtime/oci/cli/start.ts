import { startContainer } from '../start-container.ts'
import type { OciCommand } from './oci-command.ts'

/** `start` */
export const startCommand: OciCommand = {
  usage: 'CONTAINER',
  summary: 'Let the program of a created container run',
  flags: [],
  minimumArguments: 1,
  maximumArguments: 1,
  async run({ args: [id = ''], globals, log }) {
    await startContainer(globals.root, id, (message) => log.write('warning', message))
    return 0
  },
}
