import type { Command } from 'commander'
import { pruneImages } from '../store/remove-image.ts'
import { humanSize } from './format.ts'
import { imageFilter } from './image-filter.ts'
import { imagesInUse } from './images-in-use.ts'
import { collect, withStore } from './register.ts'

/** `myimage prune`. It never asks: scripts are its users. */
export function addPrune(program: Command): void {
  const command = program
    .command('prune')
    .description('Remove images without a reference, and content that no image needs')
    .option('-a, --all', 'also images with a reference that no container uses')
    .option('--filter <filter>', 'only images for which it holds: until=24h, label=a=b', collect)
    .option('-f, --force', 'accepted for compatibility: nothing is asked')
  withStore(command, async (context, flags: { all?: true; filter?: string[] }) => {
    const { store, folders } = context
    const { deleted, freed } = await pruneImages(store, {
      inUse: imagesInUse(folders),
      all: flags.all,
      isWanted: imageFilter(store, flags.filter ?? []),
    })
    for (const id of deleted) context.print(`deleted: ${id}`)
    context.print(`Total reclaimed space: ${humanSize(freed)}`)
  })
}
