import { flag } from '../../cli/flag-spec.ts'
import { criuFlags, criuOptions, imagePath } from '../criu/criu-options.ts'
import { restoreContainer } from '../criu/restore-container.ts'
import { containerFlags, containerWish, detachedConsole } from './container-flags.ts'
import type { OciCommand } from './oci-command.ts'

/** `restore` */
export const restoreCommand: OciCommand = {
  usage: '[OPTIONS] CONTAINER',
  summary: 'Make a container from a checkpoint, with CRIU',
  flags: [
    ...containerFlags,
    ...criuFlags,
    flag('bool', 'detach,d', 'Do not wait for its end'),
    flag('bool', 'no-subreaper', 'Accepted, and without effect'),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  async run(call) {
    const { flags, globals, caller } = call
    const wish = containerWish(call)
    const pid = await restoreContainer(caller, {
      ...wish,
      consoleOf: (hasTerminal) => detachedConsole(call, hasTerminal),
      criu: globals.criu,
      imagePath: imagePath(flags),
      workPath: flags.string('work-path'),
      options: criuOptions(flags),
    })
    return flags.bool('detach') ? 0 : caller.wait(pid, false, wish.id)
  },
}
