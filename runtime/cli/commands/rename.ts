import { parseName } from '../../container/parse/name.ts'
import type { Command } from '../command.ts'

/** `rename` */
export const renameCommand: Command = {
  usage: 'CONTAINER NEW_NAME',
  summary: 'Rename a container',
  flags: [],
  minimumArguments: 2,
  maximumArguments: 2,
  interspersed: true,
  async run({ args, engine }) {
    const [container = '', name = ''] = args
    const checked = parseName('container', name)
    await (await engine()).rename(container, checked)
    return 0
  },
}
