import { flag } from '../../cli/flag-spec.ts'
import { criuFlags, criuOptions, imagePath } from '../criu/criu-options.ts'
import { restoreContainer } from '../criu/restore-container.ts'
import {
  attachedConsole,
  containerFlags,
  containerWish,
  detachedConsole,
} from './container-flags.ts'
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
    const isDetached = flags.bool('detach')
    const wish = containerWish(call)
    const { pid, hasTerminal } = await restoreContainer(caller, {
      ...wish,
      consoleOf: (wanted) =>
        isDetached ? detachedConsole(call, wanted) : attachedConsole(call, wanted),
      criu: globals.criu,
      imagePath: imagePath(flags),
      workPath: flags.string('work-path'),
      options: criuOptions(flags),
    })
    if (isDetached) return 0
    return caller.wait(pid, hasTerminal && !flags.has('console-socket'), wish.id)
  },
}
