import { resolve } from 'node:path'
import { flag } from '../../cli/flag-spec.ts'
import { execInContainer } from '../exec-in-container.ts'
import { processFromFlags, readProcessSection } from '../exec-process.ts'
import { attachedConsole, detachedConsole, preservedCount } from './container-flags.ts'
import type { OciCommand } from './oci-command.ts'

/** `exec` */
export const execCommand: OciCommand = {
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  summary: 'Run another program in a running container',
  flags: [
    flag('string', 'process,p', 'File with an OCI process section', { value: 'FILE' }),
    flag('bool', 'tty,t', 'Give it a terminal'),
    flag('string', 'user,u', 'UID[:GID]'),
    flag('list', 'additional-gids,g', 'Further groups', { value: 'GID' }),
    flag('string', 'cwd', 'Working folder', { value: 'DIR' }),
    flag('list', 'env,e', 'NAME=value'),
    flag('list', 'cap,c', 'Add a capability', { value: 'CAP_…' }),
    flag('bool', 'no-new-privs', 'Set-user-ID programs give nothing'),
    flag('string', 'apparmor', 'AppArmor profile'),
    flag('string', 'process-label', 'SELinux label'),
    flag('bool', 'detach,d', 'Do not wait for its end'),
    flag('string', 'pid-file', 'File for its number', { value: 'FILE' }),
    flag('string', 'console-socket', 'Socket that gets the terminal', { value: 'PATH' }),
    flag('string', 'pidfd-socket', 'Socket that gets a descriptor of the process', {
      value: 'PATH',
    }),
    flag('int', 'preserve-fds', 'How many descriptors from 3 on it keeps', { value: 'N' }),
    flag('string', 'cgroup', 'Control group below the container’s', { value: 'PATH' }),
    flag('bool', 'ignore-paused', 'Start it in a paused container; it runs when that is resumed'),
  ],
  minimumArguments: 1,
  maximumArguments: Infinity,
  interspersed: false,
  async run(call) {
    const { flags, args, globals, caller, log } = call
    const [id = '', ...command] = args
    const file = flags.string('process')
    const isDetached = flags.bool('detach')
    const pidFile = flags.string('pid-file')
    const pidfdSocket = flags.string('pidfd-socket')
    const { pid, process } = await execInContainer(caller, {
      root: globals.root,
      id,
      process: (config) => {
        const wanted =
          file === undefined
            ? processFromFlags(flags, command, config.process)
            : readProcessSection(file)
        return flags.bool('tty') ? { ...wanted, terminal: true } : wanted
      },
      console: ({ terminal }) =>
        isDetached
          ? detachedConsole(call, terminal === true)
          : attachedConsole(call, terminal === true),
      pidFile: pidFile && resolve(pidFile),
      pidfdSocket: pidfdSocket && resolve(pidfdSocket),
      preserveFds: preservedCount(call),
      ignorePaused: flags.bool('ignore-paused'),
      subgroup: flags.string('cgroup'),
      warn: (message) => log.write('warning', message),
    })
    if (isDetached) return 0
    return caller.wait(pid, process.terminal === true && !flags.has('console-socket'))
  },
}
