import { closeSync, fstatSync, openSync, rmSync } from 'node:fs'
import { absolutePath } from '../absolute-path.ts'
import { OperationError } from '../../../native/error.ts'
import { writeAll } from '../../../native/write-all.ts'
import type { Command } from '../command.ts'
import type { Engine } from '../engine.ts'
import { flag } from '../flag-spec.ts'

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

/** A container that is not there leaves the file as it was; half an archive does not stay. */
async function exportToFile(engine: Engine, container: string, path: string): Promise<void> {
  await engine.inspect(container)
  const file = openOutput(path)
  try {
    await engine.exportContainer(container, {
      write: (chunk) => writeAll(file, typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
    })
  } catch (error) {
    if (fstatSync(file).isFile()) rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

function openOutput(path: string): number {
  try {
    return openSync(path, 'w', 0o600)
  } catch (cause) {
    throw new OperationError(
      'INVALID_ARGUMENT',
      'write an archive',
      { path },
      { cause, hint: 'Name a file in a folder that you may write to' },
    )
  }
}
