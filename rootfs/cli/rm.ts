import type { Command } from 'commander'
import { OperationError, describeError, hasCode } from '../../native/error.ts'
import { findDocument, removeDocument } from '../store/documents.ts'
import { removeImage } from '../store/remove-image.ts'
import { sweepContent } from '../store/sweep-content.ts'
import type { CommandContext } from './context.ts'
import { imagesInUse, imagesOfRunning } from './images-in-use.ts'
import { withStore } from './register.ts'
import { printError } from './print.ts'

interface RmFlags {
  readonly force?: true
  readonly ignore?: true
  readonly all?: true
}

/** `myimage rm`. As docker does, it goes on after a failure and ends with 1. */
export function addRm(program: Command): void {
  const command = program
    .command('rm')
    .alias('rmi')
    .description('Remove references, and images that have none left')
    .argument('[image...]')
    .option('-f, --force', 'also with several references, or in use')
    .option('-i, --ignore', 'no error where an image does not exist')
    .option('-a, --all', 'all images')
  withStore(command, async (context, names: string[], flags: RmFlags) => {
    const { store } = context
    const targets = flags.all ? store.list().map((image) => image.id) : names
    if (targets.length === 0 && !flags.all)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'remove images',
        {},
        { hint: 'Name at least one' },
      )
    const inUse = (): Set<string> => imagesInUse(context.folders)
    const running = (): Set<string> => imagesOfRunning(context.folders)
    for (const name of targets) {
      try {
        if (await removeWhole(context, name)) continue
        const force = flags.force ?? flags.all
        const { untagged, deleted } = await removeImage(store, name, {
          force,
          inUse,
          running,
        })
        for (const reference of untagged) context.print(`Untagged: ${reference}`)
        for (const id of deleted) context.print(`Deleted: ${id}`)
      } catch (error) {
        if (hasCode(error, 'NOT_FOUND') && (flags.ignore || flags.force)) continue
        if (!(error instanceof OperationError)) throw error
        printError(`myimage: ${describeError(error)}\n`)
        process.exitCode = 1
      }
    }
  })
}

/** An index or artifact that is kept whole. @returns false where the name is not that of one */
async function removeWhole({ store, print }: CommandContext, name: string): Promise<boolean> {
  const document = store.find(name) ? undefined : findDocument(store, name)
  if (!document) return false
  removeDocument(store, document)
  await sweepContent(store)
  print(`Untagged: ${document.name}`)
  return true
}
