import type { Command } from '../command.ts'

/** `healthcheck run` */
export const healthcheckRunCommand: Command = {
  usage: 'CONTAINER',
  summary: 'Run the health check of a container once',
  flags: [],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ args, io, engine }) {
    const { healthy, output } = await (await engine()).healthcheck(args[0] ?? '')
    if (healthy) return 0
    if (output !== '') io.stderr.write(output.endsWith('\n') ? output : `${output}\n`)
    io.stdout.write('unhealthy\n')
    return 1
  },
}
