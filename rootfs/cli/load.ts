import type { Command } from 'commander'
import { loadImages } from '../import/load-images.ts'
import { withStore } from './register.ts'

interface LoadFlags {
  readonly input: string
  readonly quiet?: true
  readonly platform?: string
  readonly allPlatforms?: true
}

/** `myimage load`. */
export function addLoad(program: Command): void {
  const command = program
    .command('load')
    .description('Import images from an OCI layout, an OCI archive or a docker archive')
    .option('-i, --input <path>', 'archive or folder; standard input when absent', '-')
    .option('-q, --quiet', 'print references only')
    .option('--platform <os/arch>', 'which image of an index to take')
    .option('--all-platforms', 'keep an index whole too, to push or save it with all platforms')
    .argument('[path]', 'the same as --input')
  withStore(command, async (context, path: string | undefined, flags: LoadFlags) => {
    const images = await loadImages(context.store, {
      input: path ?? flags.input,
      platform: flags.platform,
      allPlatforms: flags.allPlatforms,
      onNote: context.note,
    })
    for (const { references, image } of images) {
      const names = references.length === 0 ? [image.id] : references
      for (const name of names) context.print(flags.quiet ? name : `Loaded image: ${name}`)
    }
  })
}
