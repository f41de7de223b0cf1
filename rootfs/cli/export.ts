import { closeSync, openSync, rmSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import { writeAll } from '../../native/write-all.ts'
import { readSourceDateEpoch } from '../import/source-date-epoch.ts'
import { treeTar } from '../layer/tree-tar.ts'
import { openMergedRoot } from '../merged-root.ts'
import { withStore } from './register.ts'

/** `myimage export`. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('Write the files of an image as one tar; "myimage import" reads it')
    .argument('<image>')
    .option('-o, --output <file>', 'where to; standard output when absent')
  withStore(command, ({ store, note }, name: string, { output }: { output?: string }) => {
    const image = store.require(name)
    if (output === undefined && isatty(1))
      throw new OperationError(
        'INVALID_ARGUMENT',
        'write an archive to a terminal',
        {},
        { hint: 'Use -o FILE or redirect' },
      )
    const latestTime = readSourceDateEpoch()
    using root = openMergedRoot(image.layerFolders)
    const pieces = treeTar({
      folder: `/proc/self/fd/${root.descriptor}/.`,
      latestTime,
      onNote: note,
    })
    if (output === undefined) for (const piece of pieces) writeAll(1, piece)
    else writeToFile(output, pieces)
  })
}

function writeToFile(output: string, pieces: Iterable<Buffer>): void {
  const file = openSync(output, 'w', 0o644)
  try {
    for (const piece of pieces) writeAll(file, piece)
  } catch (error) {
    rmSync(output, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}
