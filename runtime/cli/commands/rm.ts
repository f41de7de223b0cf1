import { OperationError, hasCode } from '../../../native/error.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import { eachContainer } from './each-container.ts'
import { selectedContainers, selectionFlags } from './selected-containers.ts'

/** `rm` */
export const rmCommand: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Remove one or more containers',
  flags: [
    ...selectionFlags(),
    flag('bool', 'depend', 'Remove the containers that require this one, too'),
    flag('bool', 'force,f', 'Force the removal of a running or required container (uses SIGKILL)'),
    flag('bool', 'ignore,i', 'Do not complain about containers that do not exist'),
    flag('int', 'time,t', 'Seconds to wait for a running container, with --force'),
    flag('bool', 'volumes,v', 'Remove anonymous volumes associated with the container'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run(invocation) {
    const { flags } = invocation
    const force = flags.bool('force')
    const isAll = flags.bool('all')
    const isMissingFine = flags.bool('ignore') || force || isAll
    const timeout = flags.number('time')
    // Of all, those that require others go first: their own turn finds them gone.
    const depend = flags.bool('depend') || isAll
    const options = { force, volumes: flags.bool('volumes'), timeout }
    const args = await selectedContainers(invocation, () => true)
    return eachContainer({ ...invocation, args }, async (engine, container) => {
      try {
        if (depend)
          return [...(await engine.removeWithDependents(container, options)), container].join('\n')
        await engine.remove(container, options)
        return container
      } catch (error) {
        const isMissing = error instanceof OperationError && hasCode(error, 'NOT_FOUND')
        if (!isMissing) throw error
        // Both podman and docker end with 1 here, and with 125 where a removal went wrong.
        const { step, detail, hint } = error
        if (!isMissingFine)
          throw new OperationError('NOT_FOUND', step, detail, { hint, exitCode: 1 })
        return ''
      }
    })
  },
}
