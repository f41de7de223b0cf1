import { OperationError } from '../../../native/error.ts'
import { parseRestartPolicy } from '../../container/parse/restart-policy.ts'
import { readResourceFlags, resourceFlags } from '../container-flags/resource-flags.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import { eachContainer } from './each-container.ts'

/** `update` */
export const updateCommand: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Update configuration of one or more containers',
  flags: [
    ...resourceFlags(),
    flag('string', 'restart', 'Restart policy to apply when a container exits'),
  ],
  minimumArguments: 1,
  interspersed: true,
  async run(invocation) {
    const { flags } = invocation
    const resources = readResourceFlags(flags)
    const restart = flags.string('restart')
    if (restart === undefined && Object.keys(resources).length === 0)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'update without a flag',
        {},
        {
          hint: 'Give at least one limit or --restart',
        },
      )
    const options = {
      resources,
      ...(restart === undefined ? {} : { restart: parseRestartPolicy(restart) }),
    }
    return eachContainer(invocation, (engine, container) => engine.update(container, options))
  },
}
