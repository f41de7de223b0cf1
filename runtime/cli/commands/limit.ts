import { readResourceFlags, resourceFlags } from '../container-flags/resource-flags.ts'
import { parseName } from '../../container/parse/name.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'

/** `limit` */
export const limitCommand: Command = {
  usage: '[OPTIONS] [--] COMMAND [ARG...]',
  summary: 'Run a plain command under a cgroup limit, without a container',
  flags: [
    ...resourceFlags(),
    flag('string', 'name', 'Name of the cgroup'),
    flag('bool', 'timings', 'Print what each step took'),
  ],
  minimumArguments: 1,
  interspersed: false,
  async run({ flags, args, io, engine }) {
    const name = flags.string('name')
    const options = {
      command: args,
      resources: readResourceFlags(flags),
      ...(name === undefined ? {} : { name: parseName('cgroup', name) }),
      timings: flags.bool('timings'),
    }
    return (await engine()).limit(options, io)
  },
}
