import { parseDetachKeys } from '../../container/parse/detach-keys.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'

/** `attach` */
export const attachCommand: Command = {
  usage: '[OPTIONS] CONTAINER',
  summary: 'Attach local standard input, output, and error streams to a running container',
  flags: [
    flag('string', 'detach-keys', 'Override the key sequence for detaching a container'),
    flag('bool', 'no-stdin', 'Do not attach STDIN'),
    flag('bool', 'sig-proxy', 'Proxy all received signals to the process', { default: 'true' }),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const keys = flags.string('detach-keys')
    const options = {
      stdin: !flags.bool('no-stdin'),
      sigProxy: flags.bool('sig-proxy', true),
      ...(keys === undefined ? {} : { detachKeys: parseDetachKeys(keys) }),
    }
    const { exitCode } = await (await engine()).attach(args[0] ?? '', options, io)
    return exitCode ?? 0
  },
}
