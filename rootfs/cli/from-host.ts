import type { Command } from 'commander'
import { fromHost } from '../host-image/from-host.ts'
import { collect, withStore } from './register.ts'

interface FromHostFlags {
  readonly tag?: string
  readonly path?: string[]
  readonly exclude?: string[]
  readonly quiet?: true
}

/** `myimage from-host`. */
export function addFromHost(program: Command): void {
  const command = program
    .command('from-host')
    .description('Make a small image of programs of this host with all they load')
    .argument('<program...>', 'name, path, or path:/place; the first becomes the command')
    .option('-t, --tag <reference>', 'name for the image')
    .option('-p, --path <path[:/place]>', 'take this file or folder of the host along', collect)
    .option('--exclude <glob>', 'leave out such paths, and what only they load', collect)
    .option('-q, --quiet', 'no notes')
  withStore(command, async (context, programs: string[], flags: FromHostFlags) => {
    const image = await fromHost(context.store, programs, {
      tag: flags.tag,
      extraPaths: flags.path,
      excluded: flags.exclude,
      onNote: flags.quiet ? () => undefined : context.note,
    })
    context.print(image.id)
  })
}
