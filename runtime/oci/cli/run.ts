import { flag } from '../../cli/flag-spec.ts'
import { deleteContainer } from '../delete-container.ts'
import { makeContainer } from '../make-container.ts'
import { startContainer } from '../start-container.ts'
import {
  attachedConsole,
  containerFlags,
  containerWish,
  detachedConsole,
} from './container-flags.ts'
import type { OciCommand } from './oci-command.ts'

/** `run` */
export const runCommand: OciCommand = {
  usage: '[OPTIONS] CONTAINER',
  summary: 'Create and start a container, wait for its end and delete it',
  flags: [
    ...containerFlags,
    flag('bool', 'detach,d', 'Do not wait for its end'),
    flag('bool', 'keep', 'Do not delete it at its end'),
    flag('bool', 'no-subreaper', 'Accepted, and without effect: nothing is left behind to reap'),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  async run(call) {
    const { flags, caller, globals, log } = call
    const isDetached = flags.bool('detach')
    const wish = containerWish(call)
    const { pid, config } = await makeContainer(caller, {
      ...wish,
      consoleOf: (hasTerminal) =>
        isDetached ? detachedConsole(call, hasTerminal) : attachedConsole(call, hasTerminal),
    })
    try {
      await startContainer(globals.root, wish.id, wish.warn)
    } catch (error) {
      await deleteContainer(globals.root, wish.id, {
        force: true,
        warn: (message) => log.write('warning', message),
      })
      throw error
    }
    if (isDetached) return 0
    const hasTerminal = config.process?.terminal === true && !flags.has('console-socket')
    return caller.wait(pid, hasTerminal, flags.bool('keep') ? '' : wish.id)
  },
}
