import { flag } from '../../cli/flag-spec.ts'
import { parseUser } from '../../container/parse/user.ts'
import { parseEnvironmentEntry } from '../../container/parse/environment.ts'
import { oneContainer } from './chosen-containers.ts'
import type { ComposeCommand } from './compose-command.ts'

export const execCommand: ComposeCommand = {
  usage: '[OPTIONS] SERVICE COMMAND [ARG...]',
  summary: 'Execute a command in a running container',
  flags: [
    flag('bool', 'detach,d', 'Run command in the background'),
    flag('list', 'env,e', 'Set environment variables'),
    flag('int', 'index', 'Index of the container if service has multiple replicas'),
    flag('bool', 'interactive,i', 'Keep STDIN open even if not attached', { hidden: true }),
    flag('bool', 'no-tty,T', 'Disable pseudo-TTY allocation'),
    flag('bool', 'privileged', 'Give extended privileges to the process'),
    flag('bool', 'tty,t', 'Allocate a pseudo-TTY', { hidden: true }),
    flag('string', 'user,u', 'Run the command as this user'),
    flag('string', 'workdir,w', 'Path to workdir directory for this command'),
  ],
  minimumArguments: 2,
  interspersed: false,
  async run({ flags, args, io, engine, session: open }) {
    const [service = '', ...command] = args
    const session = await open([service])
    const { record } = await oneContainer(session, service, flags.number('index'))
    const user = flags.string('user')
    if (user !== undefined) parseUser(user)
    const env = flags.list('env').map((entry) => parseEnvironmentEntry(entry, io.env))
    const detach = flags.bool('detach')
    const { exitCode } = await engine.exec(
      record.id,
      {
        command,
        env: env.filter((entry) => entry !== undefined),
        interactive: !detach,
        tty: io.stdinIsTty && io.stdoutIsTty && !flags.bool('no-tty') && !detach,
        detach,
        privileged: flags.bool('privileged'),
        user,
        workdir: flags.string('workdir'),
        preserveFds: 0,
      },
      io,
    )
    return exitCode ?? 0
  },
}
