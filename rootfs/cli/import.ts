import type { Command } from 'commander'
import { importRootTarball } from '../import/import-root-tarball.ts'
import { type Platform, readPlatform } from '../import/manifest.ts'
import { hostImageArchitecture } from '../store/add-built-image.ts'
import { collect, withStore } from './register.ts'

interface ImportFlags {
  readonly change?: string[]
  readonly message?: string
  readonly os?: string
  readonly arch?: string
  readonly variant?: string
  readonly platform?: string
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
    .option('--platform <os/arch>', 'what the image is for; this machine when absent')
    .option('--os <os>', 'only linux')
    .option('--arch <architecture>', 'as --platform linux/ARCHITECTURE')
    .option('--variant <variant>', 'of the architecture, e.g. v8')
    .option('-q, --quiet', 'accepted for compatibility')
  withStore(
    command,
    async (context, input: string, reference: string | undefined, flags: ImportFlags) => {
      const image = await importRootTarball(context.store, {
        input,
        reference,
        changes: flags.change,
        message: flags.message,
        platform: platformOf(flags),
        onNote: context.note,
      })
      context.print(image.id)
    },
  )
}

function platformOf({ platform, os, arch, variant }: ImportFlags): Platform | undefined {
  if (platform !== undefined) return readPlatform(platform)
  if (os === undefined && arch === undefined && variant === undefined) return undefined
  return { os: os ?? 'linux', architecture: arch ?? hostImageArchitecture(), variant }
}
