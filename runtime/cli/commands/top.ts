import type { Command } from '../command.ts'
import { formatTable } from '../output/table.ts'

/** `top` */
export const topCommand: Command = {
  usage: 'CONTAINER [ps OPTIONS]',
  summary: 'Display the running processes of a container',
  flags: [],
  minimumArguments: 1,
  interspersed: false,
  async run({ args, io, engine }) {
    const [container = '', ...rest] = args
    const { titles, rows } = await (await engine()).top(container, { arguments: rest })
    io.stdout.write(formatTable([titles, ...rows]))
    return 0
  },
}
