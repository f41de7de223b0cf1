import type { Command } from 'commander'
import { forgetBuildCache } from '../build/cache/cache-tables.ts'
import { pruneImages } from '../store/remove-image.ts'
import type { StepRunner } from '../build-steps/run-request.ts'
import { humanSize } from '../human-size.ts'
import { imageFilter } from './image-filter.ts'
import { imagesInUse } from './images-in-use.ts'
import type { CommandParts } from './main.ts'
import { collect, withStore } from './register.ts'

interface PruneFlags {
  readonly all?: true
  readonly filter?: string[]
  readonly buildCache?: true
}

/** `myimage prune`. It never asks: scripts are its users. */
export function addPrune(program: Command, parts: CommandParts): void {
  const command = program
    .command('prune')
    .description(
      'Remove images without a reference, content that no image needs, and what builds keep',
    )
    .option('-a, --all', 'also images with a reference that no container uses')
    .option('--filter <filter>', 'only images for which it holds: until=24h, label=a=b', collect)
    .option('--build-cache', 'also the steps of builds: the next build begins anew')
    .option('-f, --force', 'accepted for compatibility: nothing is asked')
  withStore(command, async (context, flags: PruneFlags) => {
    const { store, folders } = context
    const { root } = command.optsWithGlobals<{ root?: string }>()
    const runner = await parts.openStepRunner(root)
    // First: what killed builds left may hold content back.
    await runner.repair()
    if (flags.buildCache && store.exists()) forgetBuildCache(store.database())
    const { deleted, freed } = await pruneImages(store, {
      inUse: () => imagesInUse(folders),
      all: flags.all,
      isWanted: imageFilter(store, flags.filter ?? []),
    })
    for (const id of deleted) context.print(`deleted: ${id}`)
    const ofBuilds = await pruneBuilds(runner, flags.filter)
    context.print(`Total reclaimed space: ${humanSize(freed + ofBuilds)}`)
  })
}

/** Folders of `RUN --mount=type=cache`. A filter speaks of images, and of nothing else. */
async function pruneBuilds(
  runner: StepRunner,
  filter: readonly string[] | undefined,
): Promise<number> {
  try {
    return filter === undefined ? (await runner.pruneCaches()).freed : 0
  } finally {
    runner.close()
  }
}
