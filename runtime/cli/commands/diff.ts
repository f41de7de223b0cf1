import type { Command } from '../command.ts'

const letters = { added: 'A', changed: 'C', deleted: 'D' }

/** `diff` */
export const diffCommand: Command = {
  usage: 'CONTAINER',
  summary: "Inspect changes to files or directories on a container's filesystem",
  flags: [],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ args, io, engine }) {
    for (const { kind, path } of await (await engine()).diff(args[0] ?? ''))
      io.stdout.write(`${letters[kind]} ${path}\n`)
    return 0
  },
}
