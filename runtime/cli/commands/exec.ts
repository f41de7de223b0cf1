import { openReadContext } from '../container-flags/read-context.ts'
import { readEnvironment } from '../container-flags/process-flags.ts'
import { parseDetachKeys } from '../../container/parse/detach-keys.ts'
import { parseUser } from '../../container/parse/user.ts'
import type { Command } from '../command.ts'
import { explainFlags, readExplain } from '../explain-flags.ts'
import { flag } from '../flag-spec.ts'

/** `exec` */
export const execCommand: Command = {
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  summary: 'Execute a command in a running container',
  flags: [
    flag('bool', 'detach,d', 'Detached mode: run command in the background'),
    flag('string', 'detach-keys', 'Override the key sequence for detaching a container'),
    flag('list', 'env,e', 'Set environment variables'),
    flag('list', 'env-file', 'Read in a file of environment variables'),
    ...explainFlags('program'),
    flag('bool', 'interactive,i', 'Keep STDIN open even if not attached'),
    flag('int', 'preserve-fds', 'Pass a number of additional file descriptors', { default: '0' }),
    flag('bool', 'privileged', 'Give extended privileges to the command'),
    flag('bool', 'tty,t', 'Allocate a pseudo-TTY'),
    flag('string', 'user,u', 'Username or UID (format: "<name|uid>[:<group|gid>]")'),
    flag('string', 'workdir,w', 'Working directory inside the container'),
  ],
  minimumArguments: 2,
  interspersed: false,
  async run({ flags, args, io, engine }) {
    const [container = '', ...command] = args
    const user = flags.string('user')
    if (user !== undefined) parseUser(user)
    const keys = flags.string('detach-keys')
    const options = {
      command,
      env: readEnvironment(flags, openReadContext(io)),
      interactive: flags.bool('interactive'),
      tty: flags.bool('tty'),
      detach: flags.bool('detach'),
      privileged: flags.bool('privileged'),
      user,
      workdir: flags.string('workdir'),
      ...(keys === undefined ? {} : { detachKeys: parseDetachKeys(keys) }),
      preserveFds: flags.number('preserve-fds') ?? 0,
      explain: readExplain(flags).explain,
    }
    const { exitCode } = await (await engine()).exec(container, options, io)
    return exitCode ?? 0
  },
}
