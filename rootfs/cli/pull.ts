import type { Command } from 'commander'
import { formatReference, parseReference } from '../reference.ts'
import { withStore } from './register.ts'
import { type TransferFlags, addTransferFlags, withRegistries } from './registry-flags.ts'
import { openTransferView } from './transfer-view.ts'

interface PullFlags extends TransferFlags {
  readonly platform?: string
  readonly allTags?: true
}

/** `myimage pull`. */
export function addPull(program: Command): void {
  const command = program
    .command('pull')
    .description('Get images from registries')
    .argument('<image...>', 'name[:tag][@digest]')
    .option('--platform <os/arch>', "another platform than this machine's")
    .option('-a, --all-tags', 'every tag of the repository')
  withStore(addTransferFlags(command), async (context, names: string[], flags: PullFlags) => {
    const { pullImage } = await import('../copy/pull-image.ts')
    const progress = openTransferView(flags.quiet ?? false)
    const { jobs, platform } = flags
    try {
      await withRegistries(flags, progress.note, async (access) => {
        const wanted = flags.allTags ? await everyTag(names, access) : names
        for (const name of wanted) {
          const image = await pullImage(context.store, name, { access, platform, jobs, progress })
          context.print(image.id)
        }
      })
    } finally {
      progress.end()
    }
  })
}

async function everyTag(
  names: readonly string[],
  access: Parameters<Parameters<typeof withRegistries>[2]>[0],
): Promise<string[]> {
  const { listTags } = await import('../registry-client/tags.ts')
  const { candidatesFor } = await import('../copy/short-names.ts')
  const found: string[] = []
  for (const name of names) {
    const [reference = parseReference(name)] = candidatesFor(name, await access.settings())
    const [repository] = await access.pullFrom(reference)
    const tags = repository ? await listTags(repository, Number.POSITIVE_INFINITY) : []
    for (const tag of tags) found.push(formatReference({ ...reference, tag, digest: undefined }))
  }
  return found
}
