import type { Command } from 'commander'
import { pruneImages } from '../store/remove-image.ts'
import { humanSize } from './format.ts'
import { imagesInUse } from './images-in-use.ts'
import { withStore } from './register.ts'

/** `myimage prune`. It never asks: scripts are its users. */
export function addPrune(program: Command): void {
  const command = program
    .command('prune')
    .description('Remove images without a reference, and content that no image needs')
    .option('-a, --all', 'also images with a reference that no container uses')
    .option('-f, --force', 'accepted for compatibility: nothing is asked')
  withStore(command, async (context, flags: { all?: true }) => {
    const inUse = imagesInUse(context.folders)
    const { deleted, freed } = await pruneImages(context.store, { inUse, all: flags.all })
    for (const id of deleted) context.print(`deleted: ${id}`)
    context.print(`Total reclaimed space: ${humanSize(freed)}`)
  })
}
