import type { Command } from 'commander'
import { type ImageChange, diffImages } from '../store/diff-images.ts'
import { withStore } from './register.ts'

const letters = { added: 'A', changed: 'C', deleted: 'D' } as const

/** `myimage diff`. */
export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .description('Show what the last layer of an image changed, or how two images differ')
    .argument('<image>')
    .argument('[base]', 'what to compare with; the layers below the last when absent')
    .option('--format <format>', 'json, or lines of A, C or D and the path')
  withStore(command, (context, name: string, base: string | undefined, flags: DiffFlags) => {
    const { store } = context
    const other = base === undefined ? undefined : store.require(base)
    const changes = diffImages(store.require(name), other)
    if (flags.format === 'json') context.print(JSON.stringify(byKind(changes)))
    else for (const { kind, path } of changes) context.print(`${letters[kind]} ${shown(path)}`)
  })
}

interface DiffFlags {
  readonly format?: string
}

/** As podman. */
function byKind(changes: readonly ImageChange[]): Record<string, string[]> {
  const lists: Record<string, string[]> = {}
  for (const { kind, path } of changes) (lists[kind] ??= []).push(shown(path))
  return lists
}

function shown(path: string): string {
  return Buffer.from(path, 'latin1').toString()
}
