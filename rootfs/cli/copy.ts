import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { describeError } from '../../native/error.ts'
import { type CommandContext } from './context.ts'
import { type ConversionFlags, addConversionFlags, readConversion } from './push.ts'
import { withStore } from './register.ts'
import { type TransferFlags, addTransferFlags, withRegistries } from './registry-flags.ts'
import { openTransferView } from './transfer-view.ts'
import { printError } from './print.ts'

interface CopyFlags extends TransferFlags, ConversionFlags {
  readonly all?: true
  readonly platform?: string
  readonly preserveDigests?: true
  readonly referrers?: true
  readonly digestfile?: string
}

/** As skopeo ends. */
const copyFailed = 1

/** `myimage copy`. */
export function addCopy(program: Command): void {
  const command = program
    .command('copy')
    .description('Copy an image between registries, layouts, archives and the store')
    .argument(
      '<source>',
      'docker://name, oci:folder[:name], oci-archive:, docker-archive:, dir:, or a name here',
    )
    .argument('<destination>', 'the same')
    .option('-a, --all', 'every platform of an index, and the index')
    .option('--platform <os/arch>', 'which platform of an index')
    .option('--preserve-digests', 'fail rather than change a digest')
    .option('--referrers', 'signatures and other artifacts about the image, too')
    .option('--digestfile <file>', 'write the digest there')
  addConversionFlags(command)
  withStore(
    addTransferFlags(command),
    async (context, source: string, destination: string, flags: CopyFlags) => {
      try {
        await copy(context, source, destination, flags)
      } catch (error) {
        printError(`myimage: ${describeError(error)}\n`)
        process.exitCode = copyFailed
      }
    },
  )
}

async function copy(
  { store, print }: CommandContext,
  source: string,
  destination: string,
  flags: CopyFlags,
): Promise<void> {
  const { copyPlaces } = await import('../copy/copy-places.ts')
  const progress = openTransferView(flags.quiet ?? false)
  try {
    await withRegistries(flags, progress.note, async (access) => {
      const { digest } = await copyPlaces(store, source, destination, {
        access,
        all: flags.all ?? false,
        platform: flags.platform,
        preserveDigests: flags.preserveDigests ?? false,
        referrers: flags.referrers ?? false,
        conversion: readConversion(flags),
        jobs: flags.jobs,
        progress,
      })
      if (flags.digestfile !== undefined) writeFileSync(flags.digestfile, digest)
      if (!flags.quiet) print(digest)
    })
  } finally {
    progress.end()
  }
}
