import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'
import type { SelectionFlags } from './resources/targets.ts'

interface Flags extends ClientFlags, SelectionFlags {
  readonly sortBy?: string
  readonly headers: boolean
  readonly containers?: boolean
  readonly sum?: boolean
}

/** `myorch top node | pod`. */
export function addTop(program: Command): void {
  const top = program
    .command('top')
    .description('How much of the processors and of the memory is used')
  const nodes = addTopFlags(top.command('node').alias('nodes').alias('no'), 'node')
  addSessionAction<Flags>(nodes, async (session, words, flags) => {
    checkFlags(words, flags)
    const { nodeTable } = await import('./resources/top-tables.ts')
    await print(session, await nodeTable(session, words[0], flags), flags, true)
  })
  const pods = addTopFlags(top.command('pod').alias('pods').alias('po'), 'pod')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('--containers', 'each container for itself')
    .option('--sum', 'with the sums')
  addSessionAction<Flags>(pods, async (session, words, flags) => {
    checkFlags(words, flags)
    const { podTable } = await import('./resources/top-tables.ts')
    await print(session, await podTable(session, words[0], flags), flags, flags.allNamespaces)
  })
}

function addTopFlags(command: Command, what: string): Command {
  return command
    .description(`What each ${what} uses`)
    .argument('[name]', 'absent: all')
    .option('-l, --selector <labels>', 'only those with these labels, like app=web')
    .option('--sort-by <column>', 'cpu or memory: the largest first')
    .option('--no-headers', 'without the line of names of columns')
}

function checkFlags(words: readonly string[], { sortBy, selector }: Flags): void {
  if (sortBy !== undefined && sortBy !== 'cpu' && sortBy !== 'memory')
    throw new CommandFailure('--sort-by accepts only cpu or memory')
  if (words.length > 0 && selector !== undefined)
    throw new CommandFailure('only one of NAME or --selector can be provided')
}

async function print(
  session: Session,
  { head, rows }: { head: readonly string[]; rows: readonly (readonly string[])[] },
  flags: Flags,
  isAnywhere: boolean | undefined,
): Promise<void> {
  if (rows.length === 0) {
    const where = isAnywhere ? '' : ` in ${session.namespace} namespace.`
    return void process.stderr.write(`No resources found${where}\n`)
  }
  const { makeTextTable } = await import('./resources/text-table.ts')
  // Each cell is padded here, the last one too.
  const padded = [...(flags.headers ? [head] : []), ...rows].map((cells) => [...cells, ''])
  process.stdout.write(makeTextTable().format(padded))
}
