import type { Command } from '../../cli/command.ts'
import { attachCommand as attach } from '../../cli/commands/attach.ts'
import { commitCommand as commit } from '../../cli/commands/commit.ts'
import { exportCommand as exportContainer } from '../../cli/commands/export.ts'
import { flag } from '../../cli/flag-spec.ts'
import { oneContainer } from './chosen-containers.ts'
import type { ComposeCommand } from './compose-command.ts'

// What is done to one container of a service as to any other.

function onContainer(command: Command, summary: string, mayHaveEnded: boolean): ComposeCommand {
  return {
    ...command,
    usage: command.usage.replace('CONTAINER', 'SERVICE'),
    summary,
    flags: [
      ...command.flags,
      flag('int', 'index', 'Index of the container if service has multiple replicas'),
    ],
    async run({ flags, args, io, engine, session: open }) {
      const [service = '', ...rest] = args
      const session = await open([service])
      const { record } = await oneContainer(session, service, flags.number('index'), mayHaveEnded)
      return command.run({
        flags,
        args: [record.id, ...rest],
        io,
        engine: () => Promise.resolve(engine),
        path: 'mycontainer',
      })
    },
  }
}

export const attachCommand = onContainer(
  attach,
  'Attach local standard input, output, and error streams to a service’s running container',
  false,
)

export const commitCommand = onContainer(
  commit,
  'Create a new image from a service container’s changes',
  true,
)

export const exportCommand = onContainer(
  exportContainer,
  'Export a service container’s filesystem as a tar archive',
  true,
)
