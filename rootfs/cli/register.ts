import type { Command } from 'commander'
import { type CommandContext, openContext } from './context.ts'

/** Give a command its action: the store is opened for it and closed after it. */
export function withStore(
  command: Command,
  run: (context: CommandContext, ...parameters: never[]) => Promise<void> | void,
): void {
  command.exitOverride().action(async (...parameters: unknown[]) => {
    const { root } = command.optsWithGlobals<{ root?: string }>()
    const context = await openContext(root)
    try {
      // Commander passes the arguments, then the options, then the command itself.
      await run(context, ...(parameters.slice(0, -1) as never[]))
    } finally {
      context.store.close()
    }
  })
}

/** Collects a flag that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}
