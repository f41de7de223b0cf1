import type { Command } from 'commander'
import { importRootTarball } from '../import/import-root-tarball.ts'
import { collect, withStore } from './register.ts'

interface ImportFlags {
  readonly change?: string[]
  readonly message?: string
}

/** `myimage import`. */
export function addImport(program: Command): void {
  const command = program
    .command('import')
    .description('Make an image of the tarball of a root file system')
    .argument('<file>', 'tarball, plain or compressed; "-" for standard input')
    .argument('[reference]', 'name for the image')
    .option('-c, --change <instruction>', 'CMD, ENTRYPOINT, ENV, … for the image', collect)
    .option('-m, --message <text>', 'comment for the history')
  withStore(
    command,
    async (context, input: string, reference: string | undefined, flags: ImportFlags) => {
      const image = await importRootTarball(context.store, {
        input,
        reference,
        changes: flags.change,
        message: flags.message,
        onNote: context.note,
      })
      context.print(image.id)
    },
  )
}
