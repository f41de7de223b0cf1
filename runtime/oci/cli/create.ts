import { flag } from '../../cli/flag-spec.ts'
import { encodeProgram } from '../../program/encode.ts'
import { makeContainer } from '../make-container.ts'
import { containerFlags, containerWish, detachedConsole } from './container-flags.ts'
import type { OciCommand } from './oci-command.ts'

/** `create` */
export const createCommand: OciCommand = {
  usage: '[OPTIONS] CONTAINER',
  summary: 'Create a container; its program waits for "start"',
  flags: [
    ...containerFlags,
    flag('bool', 'dry-run', 'Show the system calls that would make it, and make nothing'),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  async run(call) {
    const { flags, caller, print, env } = call
    const wish = {
      ...containerWish(call),
      consoleOf: (hasTerminal: boolean) => detachedConsole(call, hasTerminal),
    }
    if (!flags.bool('dry-run')) {
      await makeContainer(caller, wish)
      return 0
    }
    const { compileContainer } = await import('../compile-container.ts')
    const { formatExplanation } = await import('../../program/explain.ts')
    const { program, config } = compileContainer(caller, wish, 0)
    encodeProgram(program)
    print(formatExplanation(program))
    if (env['MYCONTAINER_WRITE_CODE_CACHE'] !== undefined) {
      const { warmUpExec } = await import('../warm-up.ts')
      await warmUpExec(caller, config)
    }
    return 0
  },
}
