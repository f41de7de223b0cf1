import { absolutePath } from '../absolute-path.ts'
import { OperationError } from '../../../native/error.ts'
import type { Command } from '../command.ts'
import type { Engine } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import { writeArchive } from '../output/archive-file.ts'

/** `export` */
export const exportCommand: Command = {
  usage: '[OPTIONS] CONTAINER',
  summary: "Export a container's filesystem as a tar archive",
  flags: [flag('string', 'output,o', 'Write to a file, instead of STDOUT')],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const [container = ''] = args
    const output = flags.string('output')
    if (output === undefined && io.stdoutIsTty)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'write an archive to a terminal',
        {},
        { hint: 'Use -o FILE or redirect', exitCode: 1 },
      )
    const opened = await engine()
    if (output === undefined) await opened.exportContainer(container, io.stdout)
    else await exportToFile(opened, container, absolutePath(io.cwd, output))
    return 0
  },
}

/** A container that is not there leaves the file as it was. */
async function exportToFile(engine: Engine, container: string, path: string): Promise<void> {
  await engine.inspect(container)
  await writeArchive(path, (write) => engine.exportContainer(container, { write }))
}
